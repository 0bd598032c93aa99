"""For other people's tests: a private Mailsink, and the mail that it catches."""

from mailsink.testing.caught_mail import CaughtMail, Mail
from mailsink.testing.private_server import PrivateServer

__all__ = ["CaughtMail", "Mail", "PrivateServer"]
