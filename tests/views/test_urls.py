"""Addresses of pages: each has a name, and nothing writes one out by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from inbox import pages
from inbox.urls import urlpatterns
from inbox.views import message, sessions
from mailsink.ids import short_id
from tests.factories import recorded_message

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
_NAMED = re.compile(r"""{% url '([^']+)'""")
_BY_HAND = re.compile(r"""(?:href|src|action|hx-\w+|data-(?!press)[\w-]+)=["']/""")


def _patterns(found: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns)
        else:
            yield each


def test_every_page_has_a_name_of_its_own() -> None:
    named = [
        each.name
        for each in _patterns(urlpatterns)
        if each.callback not in (message.missing, sessions.missing)
    ]
    assert len(named) > 50
    assert all(named)
    assert len(set(named)) == len(named)


def test_templates_name_pages_that_exist() -> None:
    known = {each.name for each in _patterns(urlpatterns)}
    api = {each.name for each in _patterns(get_resolver("inbox.api.urls").url_patterns)}
    known |= {f"api-v3:{name}" for name in api}
    used = {
        name for each in TEMPLATES for name in _NAMED.findall(each.read_text("utf-8"))
    }
    assert len(used) > 30
    assert not used - known


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_write_no_address_by_hand(template: Path) -> None:
    assert not _BY_HAND.findall(template.read_text("utf-8"))


@pytest.mark.django_db
@pytest.mark.parametrize("id", ["nonsense", "%00", "1", "0" * 36, f"{uuid4()}x"])
def test_what_is_no_id_gets_the_page_of_a_missing_one(client: Client, id: str) -> None:
    for page, words in (
        ("messages", "There is no such message"),
        ("sessions", "There is no such session"),
        ("s", "There is no such session"),
    ):
        answer = client.get(f"/{page}/{id}")
        assert answer.status_code == 404
        assert words in answer.content.decode()
    for path in ("messages/{}/case", "sessions/{}/head", "transactions/{}"):
        assert client.get("/" + path.format(id)).status_code == 404


@pytest.mark.django_db
def test_ids_may_be_in_capital_letters_and_a_message_the_latest(client: Client) -> None:
    made = recorded_message()
    for id in (str(made.pk).upper(), "latest"):
        page = client.get(f"/messages/{id}?tab=text")
        assert made.subject in page.content.decode()
    session = made.transaction.session
    assert client.get(f"/sessions/{str(session.pk).upper()}").status_code == 200
    short = client.get(f"/s/{short_id(session.pk, 2).upper()}")
    assert short["Location"] == pages.line(session.pk, 2)


@pytest.mark.django_db
def test_models_know_their_pages() -> None:
    made = recorded_message()
    transaction = made.transaction
    assert made.get_absolute_url() == f"/messages/{made.pk}"
    assert transaction.get_absolute_url() == f"/transactions/{transaction.pk}"
    session = transaction.session
    assert session.get_absolute_url() == f"/sessions/{session.pk}"


def test_a_page_is_named_with_what_is_asked_of_it() -> None:
    assert pages.path("trace") == "/trace"
    assert pages.path("trace", address="a+b@c.test", q="") == (
        "/trace?address=a%2Bb%40c.test"
    )
    assert pages.path("inbox", q="is:unread") == "/?q=is%3Aunread"
