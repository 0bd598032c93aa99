"""The catalogue of replies, held whole to RFC 2034 and RFC 5321 §4.5.3.1.5."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply

# Something for each parameter of a function that makes a reply, by its annotation.
SAMPLES: dict[str, Any] = {
    "str": "example.com",
    "int": 7,
    "float": 7.5,
    "object": "7",
    "Iterable[str]": ["one", "two"],
    "Sequence[str]": ["Joe <joe@example.com>", "Jane <jane@example.com>"],
}
# Replies without an enhanced code (RFC 2034 §4); those of 3yz besides.
BARE = {"greeting", "hello", "extended_hello"}


def _catalogue() -> Iterator[tuple[str, Reply]]:
    for name, value in vars(replies).items():
        if isinstance(value, Reply):
            yield name, value
        elif (
            inspect.isfunction(value) and value.__annotations__.get("return") == "Reply"
        ):
            kinds = [
                each.annotation for each in inspect.signature(value).parameters.values()
            ]
            if name != "_reply":
                yield name, value(*(SAMPLES[kind] for kind in kinds))


@pytest.mark.parametrize(("name", "reply"), list(_catalogue()))
def test_every_reply_has_its_enhanced_code(name: str, reply: Reply) -> None:
    if name in BARE or reply.code // 100 == 3:
        assert reply.enhanced == ""
        return
    assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", reply.enhanced)
    assert reply.enhanced[0] == str(reply.code)[0]  # RFC 2034 §4
    for line in reply.lines():
        assert line[4:].startswith(f"{reply.enhanced} ")


@pytest.mark.parametrize(("name", "reply"), list(_catalogue()))
def test_every_reply_is_lines_of_ascii(name: str, reply: Reply) -> None:
    for line in reply.lines():
        assert re.fullmatch(r"[2-5]\d\d[ -][ -~]*", line)
        assert len(line) <= 510
