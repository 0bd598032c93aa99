"""What is made once for all tests, and copied for each."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from tests import templates
from tests.templates import copy_template


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(templates, "_KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def test_it_is_made_once_for_one_code(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text(f"{len(made)}")

    for number, code in enumerate(("old", "old", "new")):
        monkeypatch.setattr(templates, "_code", lambda code=code: code)
        copy_template("one", tmp_path / f"{number}", make)
    assert [(tmp_path / f"{each}").read_text() for each in range(3)] == ["1", "1", "2"]
    assert {each.name for each in kept.iterdir()} == {".lock", "one-new"}


def test_what_is_of_older_code_is_removed_whatever_it_is_called(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, names in (("old", ("one", "other")), ("new", ("one", "third"))):
        monkeypatch.setattr(templates, "_code", lambda code=code: code)
        for name in names:
            copy_template(name, tmp_path / f"{name} of {code}", Path.touch)
    assert {each.name for each in kept.iterdir()} == {".lock", "one-new", "third-new"}


def test_no_other_lane_removes_it_while_it_is_copied(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[Path] = []

    def copy(source: Path, to: Path) -> None:
        if source.parent == kept:
            with (kept / ".lock").open("w") as lock, pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            copied.append(to)

    monkeypatch.setattr(shutil, "copy", copy)
    for name in ("a", "b"):  # the first makes it
        copy_template("one", tmp_path / name, Path.touch)
    assert copied == [tmp_path / "a", tmp_path / "b"]


@pytest.mark.parametrize(
    "path",
    ["requirements.txt", "inbox/a.py", "mailsink/b/c.py", "tests/private.py",
     "tests/running.py"],
)  # fmt: skip
def test_it_is_made_again_when_what_makes_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for each in ("requirements.txt", "tests/private.py", "tests/running.py", path):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).touch()
    monkeypatch.setattr(templates, "ROOT", tmp_path)
    before = templates._code.__wrapped__()
    (tmp_path / path).write_text("changed")
    assert templates._code.__wrapped__() != before
