"""A thousand large messages in object storage, and a crash among them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.object_crash import crash
from tests.object_store import ObjectServer
from tests.running import Mailsink


@pytest.mark.timeout(3600)
def test_a_crash_among_a_thousand_loses_nothing(
    start_mailsink: Callable[..., Mailsink], object_store: ObjectServer
) -> None:
    crash(start_mailsink, object_store, kept=970, lost=30)
