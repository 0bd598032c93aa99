"""How the queue says that something may be due."""

from __future__ import annotations

from django.dispatch import Signal

# Sent after the commit, on the thread that wrote.
waiting = Signal()
