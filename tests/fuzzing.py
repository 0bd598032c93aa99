"""How much tests make up: little in `make test`, and much in `make fuzz`."""

from __future__ import annotations

from hypothesis import settings


def at_length() -> bool:
    """Whether this is `make fuzz`, whose tests are marked hypothesis."""
    most = settings.default.max_examples  # type: ignore[union-attr]
    return most > 1000
