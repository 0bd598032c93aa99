"""Turns the SMTP engine's events into rows, committed in groups."""
