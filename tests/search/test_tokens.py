"""The tokens of texts in which characters stand for whole phrases."""

from __future__ import annotations

import pytest

from inbox.search.fulltext.tokens import tokens


@pytest.mark.parametrize("ligature", ["\ufdfa", "\ufdfb", "\ufdf2"])
def test_a_phrase_in_one_character_is_found_alone_and_among_others(
    ligature: str,
) -> None:
    assert tokens(f"hello {ligature}") == ["hello", *tokens(ligature)]
    assert tokens(ligature * 3) == tokens(f"{ligature * 3} ")


def test_a_long_text_of_such_phrases_is_not_read_to_its_end() -> None:
    assert sum(map(len, tokens("\ufdfa " * 100_000))) < 1_000_000
