"""Imports what serving needs, but no event loop: a process that forks has it for all."""

import autobahn.twisted.websocket  # noqa: F401
import twisted.internet.asyncioreactor
import twisted.web.http  # noqa: F401
