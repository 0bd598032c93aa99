"""Which addresses name a large message, and that none is read where others wait."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from inbox.mailbox.large import LARGE, Misdirected, concerns_large
from inbox.mailbox.messages import open_raw
from inbox.models import Message
from mailsink.web import elsewhere
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def large() -> Message:
    head = b"Subject: large\r\nContent-Type: text/html\r\n\r\n"
    return factories.message(head + b"some words\r\n" * (LARGE // 10))


def encoded(id: object) -> str:
    return "".join(f"%{ord(each):02x}" for each in str(id))


def test_an_id_is_found_wherever_it_is_and_however_it_is_written(
    large: Message,
) -> None:
    small, id = factories.message(), large.pk
    others = "&".join(f"x={uuid4()}" for _ in range(400))
    for query in (
        f"a={id}&b={id}", f"a={small.pk}&b={id}", f"{others}&a={id}",
        f"a={encoded(id)}", f"a=%30{str(id)[1:]}", f"a={str(id).upper()}",
    ):  # fmt: skip
        assert concerns_large("/compare", query), query
    assert not concerns_large("/compare", f"a={small.pk}&b={small.pk}&{others}")
    assert concerns_large(f"/messages/{id}", "")
    assert concerns_large(f"/trash/{id}/frame", "")
    assert concerns_large("/api/v3/messages/latest", "") is False  # the small one


@pytest.mark.parametrize(
    "path",
    [
        "/messages/{0}", "/messages/{0}/frame", "/messages/{0}?tab=checks",
        "/compare?a={0}&b={0}", "/compare?a={1}&b={0}", "/api/v3/messages/{0}",
        "/api/v3/messages/{0}/raw", "/api/v3/messages/{1}/compare/{0}",
        "/api/v3/transactions/{2}/raw",
    ],
)  # fmt: skip
def test_no_page_reads_it_in_the_server(
    client: Client, large: Message, path: str
) -> None:
    small = factories.message()
    path = path.format(large.pk, small.pk, large.transaction_id)
    assert client.get(path).status_code == 200
    answering = elsewhere.begin()
    try:
        client.get(path)
        assert answering.elsewhere
        answering.elsewhere = False
        open_raw(small)
        with pytest.raises(Misdirected):
            open_raw(large)
    finally:
        elsewhere._answering.set(None)
