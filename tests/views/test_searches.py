"""A search as people see it: its terms, its help, and the saved ones."""

from __future__ import annotations

import html
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from inbox.errors import Invalid
from inbox.mailbox import saved_searches
from inbox.models import SavedSearch
from inbox.presenters.search_terms import EXAMPLES, chips, list_of
from inbox.search import language
from inbox.search.language import BadQuery
from tests.factories import recorded_message
from tests.mails import ORDER

pytestmark = pytest.mark.django_db


def page_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return html.unescape(answer.content.decode())


def test_each_term_is_a_chip_that_can_be_taken_away(client: Client) -> None:
    recorded_message()
    page = page_of(client, list_of('subject:order -tag:"is red" code:250 OR code:251'))
    assert "Without not tag: “is red”" in page
    assert "code: 250 or code: 251" in page
    without = list_of("subject:order code:250 OR code:251")
    assert f'href="{without}"' in page
    assert "Your order" in page_of(client, without)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["", "from:", "subject:", "tag:"]),
            st.text(
                st.characters(exclude_categories=["C", "Z"], exclude_characters='"'),
                min_size=1,
                max_size=12,
            ),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
@example([(False, "", value, False) for value in ("0", "-", "-x", "OR")])
def test_a_query_without_a_chip_is_the_others(
    terms: list[tuple[bool, str, str, bool]],
) -> None:
    words = " ".join(
        f'{"OR " * either}{"-" * negated}{field}"{value}"'
        for negated, field, value, either in terms
    )
    try:
        query = language.parse(words)
    except BadQuery:
        return
    for index, chip in enumerate(chips(query)):
        rest = parse_qs(urlsplit(chip.without).query).get("q", [""])[0]
        others = (*query.groups[:index], *query.groups[index + 1 :])
        assert language.parse(rest).groups == others


def test_help_names_each_field_and_its_examples_are_queries() -> None:
    told = {
        example.lstrip("-").split(":")[0] for example, _ in EXAMPLES if ":" in example
    }
    told |= {"smaller"}  # told with `larger`
    assert told == language.FIELDS
    for sample, _words in EXAMPLES:
        value = str(uuid4()) if sample.endswith(":") else ""
        assert language.parse(sample + value).groups


def test_bad_input_is_shown_with_the_reason(client: Client) -> None:
    recorded_message()
    page = page_of(client, list_of("frm:ann"), 400)
    assert 'value="frm:ann"' in page
    assert 'aria-invalid="true"' in page
    assert 'Unknown filter "frm:"' in page


def test_a_search_is_saved_renamed_and_forgotten(client: Client) -> None:
    recorded_message()
    answer = client.post("/searches", {"name": "  My   orders ", "q": "subject:order"})
    assert (answer.status_code, answer["Location"]) == (302, list_of("subject:order"))
    saved = SavedSearch.objects.get()
    assert (saved.name, saved.query) == ("My orders", "subject:order")
    assert client.get("/searches/counts").json() == {str(saved.pk): 1}
    # It is in the side bar of each page, and marked where it is what is shown.
    assert 'href="/?q=subject%3Aorder"' in client.get("/sessions").content.decode()
    page = page_of(client, list_of("subject:order"))
    assert f'action="/searches/{saved.pk}/rename"' in page
    client.post(f"/searches/{saved.pk}/rename", {"name": "Orders"})
    # The same name again is the same search, with another query.
    client.post("/searches", {"name": "Orders", "q": "subject:invoice"})
    saved.refresh_from_db()
    assert (saved.name, saved.query) == ("Orders", "subject:invoice")
    assert client.get("/searches/counts").json() == {str(saved.pk): 0}
    recorded_message(ORDER.replace(b"Your order", b"Invoice"))
    assert client.get("/searches/counts").json() == {str(saved.pk): 1}
    assert client.post(f"/searches/{saved.pk}/delete")["Location"] == "/"
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("", "order", "a name has 1 to 64 characters"),
        ("x" * 65, "order", "a name has 1 to 64 characters"),
        ("a\x1bb", "order", "no control characters"),
        ("Orders", " ", "nothing to save"),
        ("Orders", "frm:ann", 'Unknown filter "frm:"'),
    ],
)
def test_what_cannot_be_saved_is_said(
    client: Client, name: str, query: str, words: str
) -> None:
    answer = client.post("/searches", {"name": name, "q": query})
    assert answer.status_code == 422
    assert words in html.unescape(answer.content.decode())
    assert not SavedSearch.objects.exists()


def test_a_name_is_given_once_and_there_are_not_too_many(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 2)
    saved_searches.save("One", "one")
    two = saved_searches.save("Two", "two")
    answer = client.post(f"/searches/{two.pk}/rename", {"name": "One"})
    assert 'there is a search named "One"' in html.unescape(answer.content.decode())
    with pytest.raises(Invalid, match="at most 2"):
        saved_searches.save("Three", "three")
    assert client.post("/searches/none/delete").status_code == 404


def test_a_query_of_an_older_language_is_said_to_be_none(client: Client) -> None:
    saved = saved_searches.save("Old", "old")
    SavedSearch.objects.update(query="gone:field")
    assert client.get("/searches/counts").json() == {str(saved.pk): None}
    assert client.get("/").status_code == 200
