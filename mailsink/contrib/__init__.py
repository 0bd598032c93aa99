"""Mailsink in other people's projects."""
