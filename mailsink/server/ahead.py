"""Imports the modules for serving, but no event loop, once before a process forks."""

import autobahn.twisted.websocket  # noqa: F401
import twisted.internet.asyncioreactor
import twisted.web.http  # noqa: F401
