"""The names that people give to things: one rule, and one sentence for what breaks it."""

from __future__ import annotations

import pytest

from inbox.errors import InvalidMember
from inbox.given_names import clean_name


@pytest.mark.parametrize("name", ["a b", " a\t b\n", "a  b"])
def test_spaces_are_single(name: str) -> None:
    assert clean_name(name, 3) == "a b"


@pytest.mark.parametrize("name", ["", " ", "abcd", "a\0", "a\x1bb", "a\u202eb"])
def test_a_wrong_one_is_refused_by_its_member(name: str) -> None:
    with pytest.raises(InvalidMember, match="a name has 1 to 3 characters") as refused:
        clean_name(name, 3)
    assert refused.value.members == {"member": "name"}


def test_one_that_may_be_missing_is_clean_otherwise() -> None:
    assert clean_name(" ", 3, optional=True) == ""
    with pytest.raises(InvalidMember):
        clean_name("a\0", 3, optional=True)
