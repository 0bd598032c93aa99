"""The SMTP engine: a sans-I/O machine, and the aiosmtpd subclass that moves its bytes."""
