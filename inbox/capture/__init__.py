"""Turns the SMTP engine's events into rows, which are committed in groups."""
