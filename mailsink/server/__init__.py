"""Runs the process, with daphne and Twisted, which nothing else knows.

Importing it makes the event loop.
"""

from mailsink.server.process import BackgroundWork, ListeningServer, run

__all__ = ["BackgroundWork", "ListeningServer", "run"]
