"""How the queue says that something may be due, and rules that they changed."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with at_once=bool, after the commit, on the thread that wrote. at_once: a person
# asks for it, whatever came of the last try.
waiting = Signal()

# Sent after the commit, on the thread that wrote: a rule or the guard is another now.
rules_changed = Signal()
