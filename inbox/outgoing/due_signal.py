"""Signals: a release may be due, or the rules have changed."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with at_once=bool, after the commit, on the writing thread. at_once: a person
# wants a try now, whatever the result of the last one.
waiting = Signal()

# Sent after the commit, on the writing thread: a rule or the guard has changed.
rules_changed = Signal()
