"""The SMTP engine: octets in; octets, events and effects out (docs/architecture.md)."""
