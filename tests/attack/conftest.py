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
    if 0 <= before[1] < _CLIENTS:  # below 0 is no limit
        pytest.skip(f"`ulimit -Hn` is {before[1]}: it needs {_CLIENTS} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
