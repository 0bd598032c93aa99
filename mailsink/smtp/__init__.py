"""The SMTP engine: octets in; octets, events and effects out. See docs/architecture.md."""
