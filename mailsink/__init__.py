"""Mailsink: catches the mail an application sends, and shows what happened on the wire."""

__version__ = "0.1.0"
