"""Names of files that every system takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.http.files import title_name
from mailsink.file_names import safe


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Order 1/2", "Order 1-2"),
        ("a\\b // c", "a-b - c"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("...hidden", "hidden"),
        (" . ", "attachments"),
        ("Re: \x00a\x1fb\x7fc\x85d\u2028e\u202ef", "Re abcdef"),
        ('<"what?"|*>', "what"),
        ("CON", "_CON"),
        ("nul.", "_nul"),
        ("Aux .v2", "_Aux .v2"),
        ("COM¹", "_COM¹"),
        ("conference", "conference"),
        ("v1.2", "v1.2"),
        ("\U00020000" * 90, "\U00020000" * 50),
        ("cafe\u0301", "café"),
        ("a\ud800b", "ab"),
    ],
)
def test_a_title_as_a_name(title: str, name: str) -> None:
    assert title_name(title, "attachments") == name


@given(st.text(max_size=300))
def test_a_name_is_safe_whatever_it_is_made_of(text: str) -> None:
    name = safe(text, "file")
    assert 0 < len(name.encode()) <= 220
    assert not set(name) & set('<>:"/\\|?*\x00\n\x85')
    assert name[0] not in " ."
    assert name[-1] not in " ."
