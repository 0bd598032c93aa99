"""The first steps: addresses to send to, a test message, a probe of the connection."""
