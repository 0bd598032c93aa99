"""What is done with chosen messages, by the form of the list."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.mailbox import selection
from inbox.models import Message
from tests.factories import recorded_message, recorded_transaction
from tests.mails import ORDER

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def act(client: Client, do: str, *ids: object, **fields: str) -> dict[str, object]:
    given = {"do": do, "ids": ",".join(map(str, ids)), **fields}
    answer = client.post("/messages/chosen", given, headers=JSON)
    assert answer.status_code == 200, answer.content
    told: dict[str, object] = answer.json()
    return told


def test_marks_are_set_on_those_chosen_alone(client: Client) -> None:
    one, two, other = recorded_message(), recorded_message(), recorded_message()
    for do in ("read", "pin", "bug"):
        assert act(client, do, one.id, two.id) == {"count": 2, "at": None}
    act(client, "tag", one.id, two.id, tag=" Größe ")
    act(client, "untag", two.id, tag="Größe")
    found = {each.id: each for each in Message.objects.all()}
    assert [found[each.id].reads.count() for each in (one, two, other)] == [1, 1, 0]
    assert [found[each.id].pinned for each in (one, two, other)] == [True, True, False]
    assert [found[each.id].status for each in (one, other)] == ["bug", "new"]
    assert [found[each.id].tags for each in (one, two, other)] == [["Größe"], [], []]
    act(client, "unread", one.id)
    act(client, "unpin", one.id)
    one.refresh_from_db()
    assert (one.reads.count(), one.pinned) == (0, False)


def test_all_that_match_are_deleted_and_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "AT_ONCE", 3)
    orders = [recorded_message() for _ in range(7)]
    kept = recorded_message(ORDER.replace(b"Your order", b"Invoice"))
    pinned = orders[3]
    Message.objects.filter(pk=pinned.pk).update(pinned=True)
    before = recorded_message()
    act(client, "delete", before.id)
    told = act(client, "delete", all="yes", q="subject:order")
    assert told["count"] == 6
    alive = Message.objects.filter(deleted_at=None)
    assert set(alive.values_list("pk", flat=True)) == {kept.pk, pinned.pk}
    assert set(Message.objects.filter(deleted_by="127.0.0.1").values_list("pinned", flat=True)) == {False}  # fmt: skip
    answer = client.post("/trash/restore", {"at": told["at"]}, headers=JSON)
    assert answer.json() == {"count": 6}
    # What was deleted before is not a part of it.
    assert Message.objects.get(deleted_at__isnull=False).pk == before.pk


def test_a_pinned_message_goes_when_it_is_named(client: Client) -> None:
    one = recorded_message()
    Message.objects.update(pinned=True)
    assert act(client, "delete", one.id)["count"] == 1


def test_works_as_a_plain_form(client: Client) -> None:
    one, two = recorded_message(), recorded_message()
    given = {"do": "delete", "id": [str(one.id), str(two.id)], "q": "is:unread"}
    answer = client.post("/messages/chosen", given)
    assert (answer.status_code, answer["Location"]) == (302, "/?q=is%3Aunread")
    assert not Message.objects.filter(deleted_at=None).exists()
    answer = client.post("/trash/restore", {"id": [str(one.id)]})
    assert answer["Location"] == "/trash"
    assert Message.objects.get(deleted_at=None).pk == one.pk


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"all": "yes"}, {"all": "true"}),
        ({"all": "yes", "q": " "}, {"all": "true"}),
        ({"all": "yes", "q": "subject:a&b"}, {"q": "subject:a&b"}),
        ({"id": [str(uuid4())] * 2, "q": "is:unread"}, {"ids": None}),
    ],
)
def test_an_archive_is_made_beside_the_server(
    client: Client, fields: dict[str, Any], named: dict[str, str | None]
) -> None:
    for format in ("zip", "mbox"):
        answer = client.post("/messages/chosen", {"do": format, **fields})
        url = urlsplit(answer["Location"])
        assert (answer.status_code, url.path) == (303, "/api/v3/messages/archive")
        asked = dict(parse_qsl(url.query))
        ids = ",".join(fields.get("id", []))
        wanted = {key: value or ids for key, value in named.items()}
        assert asked == {"format": format, **wanted}
        assert client.get(answer["Location"]).status_code == 200


def test_an_archive_of_more_ids_than_a_url_holds(client: Client) -> None:
    ids = ",".join(str(uuid4()) for _ in range(400))
    given = {"do": "mbox", "ids": f"{recorded_message().id},{ids}"}
    answer = client.post("/messages/chosen", given)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/mbox"


def test_one_message_is_downloaded(client: Client) -> None:
    one = recorded_message()
    answer = client.post("/messages/chosen", {"do": "eml", "id": str(one.id)})
    assert answer.status_code == 303
    assert client.get(answer["Location"]).content == ORDER


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"do": "read"}, "Nothing is selected"),
        ({"do": "read", "ids": "nonsense"}, "Nothing is selected"),
        ({"do": "eml", "all": "yes"}, "Select one message"),
        ({"do": "zip", "all": "yes", "q": "is:no"}, 'Unknown value "is:no"'),
        ({"do": "explode", "all": "yes"}, "known are read, unread"),
        (
            {"do": "read", "all": "yes", "q": "is:nonsense"},
            'Unknown value "is:nonsense"',
        ),
        ({"do": "tag", "all": "yes", "tag": " "}, "a tag has 1 to 64 characters"),
        ({"do": "read", "ids": "a," * 10_001}, "at most 10,000"),
    ],
)
def test_what_is_wrong_is_said(
    client: Client, fields: dict[str, str], words: str
) -> None:
    recorded_message()
    answer = client.post("/messages/chosen", fields, headers=JSON)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    answer = client.post("/messages/chosen", fields)
    assert answer.status_code == 422
    assert words.split()[0] in answer.content.decode()


def test_restore_with_a_bad_time(client: Client) -> None:
    answer = client.post("/trash/restore", {"at": "yesterday"}, headers=JSON)
    assert answer.status_code == 422


def test_what_was_not_accepted_can_be_hidden(client: Client) -> None:
    recorded_message()
    recorded_transaction()
    failed = "Message rejected: message too large (552)"
    assert failed in client.get("/").content.decode()
    assert failed not in client.get("/?show=mail").content.decode()
    assert client.get("/entries").json()["total"] == 1  # the browser remembers
    assert failed not in client.get("/").content.decode()
    assert failed in client.get("/?show=all").content.decode()


def test_failures_have_a_list_of_their_own(client: Client) -> None:
    recorded_message()
    recorded_transaction()
    page = Html(client.get("/?show=failed").content.decode())
    assert len(page.css("#entries li")) == 1
    assert len(page.css("#entries li.failed")) == 1
    assert page.css_first("nav.side a[aria-current]").text().split() == ["Failed"]
    assert client.get("/entries?show=failed").json()["total"] == 1
    # The next visit shows all again: a page without mail must not be what one comes to.
    assert len(Html(client.get("/").content.decode()).css("#entries li")) == 2
