"""How many file descriptors are shared out, whatever the limit."""

from __future__ import annotations

import resource

import pytest

from mailsink import descriptors
from mailsink.descriptors import raised

INFINITE = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (256, 256, 256),
        (1024, 4096, 4096),
        (1024, 1 << 20, 65_536),
        (1024, INFINITE, 65_536),
        (1 << 20, 1 << 20, 65_536),
        (1 << 30, 1 << 30, 65_536),
        (INFINITE, INFINITE, 65_536),
    ],
)
def test_as_many_as_are_allowed_and_of_use(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, expected: int
) -> None:
    """As containers have a million, connections could take all memory."""
    limits = [soft, hard]

    def put(_: int, new: tuple[int, int]) -> None:
        limits[:] = new

    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(descriptors.resource, "setrlimit", put)
    assert raised().limit == expected
    assert limits[0] == INFINITE or limits[0] >= expected
