"""Zip archives that are written while they are sent."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.zips import distinct, zipped

AT = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)


def test_an_archive_holds_what_it_was_given() -> None:
    files = [("a.txt", AT, b"first"), ("b.bin", datetime(1960, 1, 1, tzinfo=UTC), b"")]
    pieces = list(zipped(files))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert [each.filename for each in archive.infolist()] == ["a.txt", "b.bin"]
        assert archive.read("a.txt") == b"first"
        assert archive.getinfo("a.txt").date_time[:3] == (2026, 11, 28)
        assert archive.getinfo("b.bin").date_time[0] == 1980


def test_an_archive_of_nothing_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped([])))) as archive:
        assert archive.namelist() == []


@pytest.mark.parametrize(
    ("names", "given_names"),
    [
        (["a.txt", "a.txt", "A.TXT"], ["a.txt", "a (2).txt", "A (3).TXT"]),
        (["a (2).txt", "a.txt", "a.txt"], ["a (2).txt", "a.txt", "a (3).txt"]),
        (["x", "x"], ["x", "x (2)"]),
        ([".env", ".env"], [".env", ".env (2)"]),
        (["é", unicodedata.normalize("NFD", "é")], ["é", "é (2)"]),
        (["CON", "nul.txt", "console.txt"], ["_CON", "_nul.txt", "console.txt"]),
    ],
)
def test_names_are_made_distinct(names: list[str], given_names: list[str]) -> None:
    assert list(distinct(names)) == given_names


def test_many_files_of_one_name_take_linear_time() -> None:
    names = list(distinct(["scan.png"] * 20_000))
    assert names[-1] == "scan (20000).png"


@given(st.lists(st.text(min_size=1, max_size=300), max_size=12))
def test_names_are_distinct_and_fit_whatever_they_are(names: list[str]) -> None:
    made = list(distinct(names))
    assert len({unicodedata.normalize("NFC", each.casefold()) for each in made}) == len(
        names
    )
    assert all(len(each.encode("utf-8", "replace")) <= 255 for each in made)
