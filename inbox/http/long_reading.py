"""Views within the time limit of mailsink.web.pool for a request's reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction

from inbox.storage.bounded import within
from mailsink.web import read_time

View = Callable[..., Any]


def within_bound(view: View) -> View:
    """Return a view that raises TooCostly if it reads for too long."""
    if iscoroutinefunction(view):
        return view

    @wraps(view)
    def bounded(*arguments: Any, **named: Any) -> Any:
        reading = read_time.current()
        if reading is None:
            return view(*arguments, **named)
        with within(reading.seconds):
            return view(*arguments, **named)

    return bounded
