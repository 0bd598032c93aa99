"""Runs the process, with daphne and Twisted, which nothing else knows.

Importing it makes the event loop.
"""

from mailsink.server.process import Background, Listener, run

__all__ = ["Background", "Listener", "run"]
