"""Rows by their keys: as Django finds them, by a query that is compiled once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext

from inbox.models import Message
from inbox.storage.compiled_rows import CompiledRows
from mailsink.ids import uuid7
from tests import factories

pytestmark = pytest.mark.django_db


def named(*subjects: str) -> QuerySet[Message]:
    rows = Message.objects.select_related("transaction").order_by("-pk")
    return rows.filter(subject__in=subjects)


@pytest.mark.parametrize("number", [0, 1, 16, 17, 64, 65])
def test_it_finds_what_django_finds(number: int) -> None:
    made = [factories.message() for _ in range(number)]
    factories.message()
    other = factories.message(body=b"Subject: other\r\n\r\n")
    keys = [*(each.pk for each in made[1:]), other.pk, uuid7()][:number]
    rows = named("Your invoice", "invoice", *(each.subject for each in made))
    expected = list(rows.filter(pk__in=keys))
    with CaptureQueriesContext(connection) as queries:
        found = CompiledRows(rows).find(keys)
        assert [each.__dict__.keys() for each in found] == [
            each.__dict__.keys() for each in expected
        ]
        assert found == expected
        assert [e.transaction for e in found] == [e.transaction for e in expected]
        assert [e.received_at for e in found] == [e.received_at for e in expected]
    assert len(queries) == min(1, number)


def test_it_sees_what_came_later() -> None:
    first = factories.message()
    compiled = CompiledRows(Message.objects.all())
    assert compiled.find([first.pk]) == [first]
    second = factories.message()
    Message.objects.filter(pk=first.pk).update(subject="Changed")
    assert {each.subject for each in compiled.find([first.pk, second.pk])} == {
        "Changed",
        second.subject,
    }


def test_nothing_is_found_where_nothing_can_be() -> None:
    made = factories.message()
    compiled = CompiledRows(Message.objects.filter(Q(pk__in=[])))
    assert compiled.find([made.pk]) == []


@pytest.mark.django_db(transaction=True)
def test_threads_share_it() -> None:
    made = [factories.message() for _ in range(8)]
    compiled = CompiledRows(Message.objects.select_related("transaction"))
    wrong: list[object] = []

    def look(own: Message) -> None:
        for _ in range(20):
            if (found := compiled.find([own.pk])) != [own]:
                wrong.append(found)
        connection.close()

    threads = [threading.Thread(target=look, args=[each]) for each in made]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
