"""`manage.py serve`: what it prints, and how it ends."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable

from tests.running import Mailsink

Start = Callable[..., Mailsink]


def test_it_works(start_mailsink: Start) -> None:
    server = start_mailsink()
    smtp, web, *between, ready = server.lines
    assert re.fullmatch(r"SMTP  127\.0\.0\.1:\d+", smtp)
    assert re.fullmatch(r"Web   http://127\.0\.0\.1:\d+/", web)
    assert (between, ready) == ([], "Mailsink is ready.")
    with urllib.request.urlopen(f"{server.url}/static/icons.svg") as response:
        assert response.status == 200
    assert server.stop() == 0
    assert server.stderr == ""
