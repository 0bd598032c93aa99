"""Every compiled pattern of the product takes linear time, whatever text it gets."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import inbox
import mailsink
from inbox.insight.findings import signs

_SIZE = 2048  # characters; the larger text has four times as many
_FLOOR = 0.03  # seconds, below which a growth says nothing
_MOST = 9  # times as long for four times as much; the square gives 16
_RUNS = 3
_PREFIXES = ("", "by a with b (", '"', "<", "a=", ";", "(")
_SEEDS = (
    '"\\', '"', "'", "-1", "1", "1-", "a", "A", "a.", "a@", "@a,", "(", "()", "( ", "<a ",
    "=?", "&", " ", "\t", "\r\n ", "\n", "\r", ",", ";a=", ":", "/", "?a", "#", "_a", "\\",
    "url(", "1 ", ".", "by a with b (", "by a",
)  # fmt: skip
_BOUNDED = {
    # Gets one word of an address, in which a quote is closed.
    "mailsink.mime.addresses._QUOTED",
}
# Where they stand in a table, or have another name where they are used
_MATCHED = {
    "inbox.access.audit_kinds._READING",
    "inbox.insight.findings.signs._IDENTIFIERS",
    "mailsink.mime.addresses._TOKEN",
    "mailsink.mime.dates._DATES",
}


def _modules() -> Iterator[ModuleType]:
    for package in (mailsink, inbox):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def _within(value: Any) -> Iterator[tuple[re.Pattern[Any], str]]:
    """Yield the patterns in a value, and the method where it is one that is bound."""
    bound = getattr(value, "__self__", None)
    if isinstance(value, re.Pattern):
        yield value, ""
    elif isinstance(bound, re.Pattern):
        yield bound, value.__name__
    elif isinstance(value, dict):
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _within(each)


def _methods(source: str, name: str) -> set[str]:
    """Return by which methods a module uses a pattern of this name."""
    methods = "search|match|fullmatch|finditer|findall|sub|subn|split"
    return set(re.findall(rf"\b{name}\.({methods})\b", source))


def _patterns() -> dict[tuple[re.Pattern[Any], str], str]:
    """Return each pattern, with match, fullmatch or finditer, and its name.

    One whose use is not seen is tried both as a whole and everywhere in a text.
    """
    found: dict[tuple[re.Pattern[Any], str], str] = {}
    for module in _modules():
        source = Path(str(module.__file__)).read_text()
        for name, value in vars(module).items():
            full = f"{module.__name__}.{name}"
            for pattern, bound in _within(value):
                used = {bound} if bound else _methods(source, name)
                if full in _MATCHED:
                    used = {"match", "fullmatch"}
                for method in used or {"fullmatch", "finditer"}:
                    way = method if method in ("match", "fullmatch") else "finditer"
                    found.setdefault((pattern, way), full)
    return found


def _took(pattern: re.Pattern[Any], way: str, text: Any) -> float:
    """Return the seconds of processor time."""
    began = time.process_time()
    found = getattr(pattern, way)(text)
    if way == "finditer":
        for _ in found:
            pass
    return time.process_time() - began


def _is_linear(pattern: re.Pattern[Any], way: str, prefix: str, seed: str) -> bool:
    few, many = (f"{prefix}{seed * (n // len(seed))}\x01" for n in (_SIZE, 4 * _SIZE))
    texts: Any = (few, many)
    if isinstance(pattern.pattern, bytes):
        texts = (few.encode(), many.encode())
    if _took(pattern, way, texts[1]) < _FLOOR:
        return True
    once, four = (min(_took(pattern, way, t) for _ in range(_RUNS)) for t in texts)
    return four < _FLOOR or four < _MOST * once


def _wrong(pattern: re.Pattern[Any], way: str) -> str:
    """Return a text for which it takes more than linear time; "" if there is none."""
    prefixes = ("", '"') if way == "finditer" else _PREFIXES
    for seed in _SEEDS:
        for prefix in prefixes:
            if not _is_linear(pattern, way, prefix, seed):
                return f"{prefix}{seed}…"
    return ""


def test_every_pattern_takes_linear_time() -> None:
    patterns = _patterns()
    assert len(patterns) > 250
    wrong = {
        f"{name}.{way}": text
        for (pattern, way), name in patterns.items()
        if name not in _BOUNDED and (text := _wrong(pattern, way))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "pattern", [r'(?:"(?:\\.|[^"\\])*"|[^\s,;"]|")+', r"\s+x", r"\([^)]*\)"]
)
def test_a_pattern_that_takes_the_square_is_seen(pattern: str) -> None:
    assert _wrong(re.compile(pattern), "finditer")


@pytest.mark.parametrize(
    ("field", "client"),
    [
        ("from a by mx.test with esmtp (Exim 4.96) (envelope-from x)", "exim"),
        ("from a by mx.test with esmtps (TLS1.3) (Exim 4.96)", "exim"),
        ("from a by mx.test (Postfix) with ESMTP", "postfix"),
    ],
)
def test_relays_are_known_by_their_field(field: str, client: str) -> None:
    found = [key for key, pattern in signs._RELAYS.items() if pattern.search(field)]
    assert found == [client]
