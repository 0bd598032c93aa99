"""What attacks need themselves."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

_CLIENTS = 6000


@pytest.fixture
def thousands_of_clients() -> Iterator[None]:
    """Descriptors for as many clients, in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(before[0], _CLIENTS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
