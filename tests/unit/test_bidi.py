"""Names and addresses of any direction beside each other."""

from __future__ import annotations

import pytest

from mailsink.bidi import isolated, person, spelled


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Müller", "Zoë Müller"),
        ("", ""),
        ("דנה", "\u2068דנה\u2069"),
        ("\u202eevil", "\u2068evil\u2069"),
        ("a\u2069\u202eb", "\u2068ab\u2069"),
        ("\u200fa", "\u2068\u200fa\u2069"),
        ("\U0001e900", "\u2068\U0001e900\u2069"),
    ],
)
def test_isolated(text: str, shown: str) -> None:
    assert isolated(text) == shown


@pytest.mark.parametrize(
    ("name", "address", "shown"),
    [
        ("Ann", "ann@shop.test", "Ann <ann@shop.test>"),
        ("", "ann@shop.test", "ann@shop.test"),
        ("Ann", "", "Ann"),
        ("", "", ""),
        ("\u202emoc", "a@b.test", "\u2068moc\u2069 <a@b.test>"),
        ("Ann", "דנה@b.test", "Ann \u2068<דנה@b.test>\u2069"),
    ],
)
def test_person(name: str, address: str, shown: str) -> None:
    assert person(name, address) == shown


def test_spelled() -> None:
    assert spelled("a\u202e\u2066b\u200f") == "a[U+202E][U+2066]b\u200f"
