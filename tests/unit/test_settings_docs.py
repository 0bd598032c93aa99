"""docs/settings.md names every variable that mailsink/conf.py reads, with its default."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from mailsink import conf, values

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text("utf-8")
_ROW = re.compile(r"^\| `(MAILSINK_\w+)` \| (.+?) \|", re.MULTILINE)


class Read(NamedTuple):
    """What conf reads of an empty environment."""

    defaults: dict[str, str]
    secrets: set[str]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    read = Read({}, set())

    class Watched(conf._Reader):
        def value(self, name: str, default: str, kind: values.EnvType[T]) -> T:
            read.defaults[conf.PREFIX + name] = default
            return super().value(name, default, kind)

        def secret(self, name: str, default: str, kind: values.EnvType[T]) -> T:
            read.defaults[conf.PREFIX + name] = default
            read.secrets.add(conf.PREFIX + name)
            return super().secret(name, default, kind)

    monkeypatch.setattr(conf, "_Reader", Watched)
    conf.from_environment({})
    return read


def test_every_variable_is_there_and_no_other(read: Read) -> None:
    names = [name for name, _ in _ROW.findall(PAGE)]
    assert sorted(names) == sorted(read.defaults)
    assert set(re.findall(r"MAILSINK_\w+[A-Z]", PAGE)) <= read.defaults.keys() | {
        f"{name}_FILE" for name in read.secrets
    }


@pytest.mark.parametrize("page", ["docs/settings.md", "docs/smtp.md", "README.md"])
def test_defaults_are_those_in_force(page: str, read: Read) -> None:
    rows = _ROW.findall((ROOT / page).read_text("utf-8"))
    assert rows
    for name, cell in rows:
        default = read.defaults[name]
        made_here = default.startswith("sqlite:") or default == socket.gethostname()
        if default and not made_here:
            assert cell == f"`{default}`", name
        else:  # in words
            assert not cell.startswith("`"), name


def test_those_that_a_file_can_hold_are_named(read: Read) -> None:
    sentence = next(part for part in PAGE.split("\n\n") if "read from a file" in part)
    assert set(re.findall(r"`(MAILSINK_\w+)`", sentence)) == read.secrets
