"""The audit log: it names who read and changed what, and nobody changes it."""

from __future__ import annotations

import csv
import io
import json
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import DatabaseError, connection, transaction
from django.test import Client

from inbox.access import api_tokens, audit_export, audit_kinds, audit_log, audit_search
from inbox.access.permissions import ROUTES
from inbox.mailbox import messages
from inbox.models import AuditEntry, Message, User
from inbox.storage.bounded import within
from inbox.storage.write_lock import write_turn
from mailsink.web import read_time
from tests import people
from tests.storage.test_bounded import LONG

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_was_read() -> None:
    audit_log.forget()


def log() -> list[tuple[str, str, str, str]]:
    """Who did what in which inbox to what, the oldest first."""
    rows = AuditEntry.objects.order_by("pk")
    return [(each.user_name, each.kind, each.inbox_slug, each.object) for each in rows]


def cleared() -> None:
    audit_log.forget()


def ann_with(role: str) -> Client:
    people.administrator()
    return people.signed_in(people.user("ann", a=role))


def test_reading_is_noted_with_its_inbox_once_a_minute() -> None:
    client, mail = ann_with("viewer"), people.mail_in("a")
    before = len(log())
    for _ in range(2):
        assert client.get(f"/messages/{mail.pk}").status_code == 200
    assert client.get("/api/v3/messages/latest/raw").status_code == 200
    assert client.get(f"/api/v1/message/{mail.pk}").status_code == 200
    assert client.get("/api/v2/messages").status_code == 200
    session = mail.transaction.session_id
    assert client.get(f"/api/v3/sessions/{session}").status_code == 200
    assert client.get("/api/v3/messages").status_code == 200
    assert client.get("/api/v3/messages?include=text").status_code == 200
    assert client.get("/api/v3/messages/none").status_code == 404
    id = str(mail.pk)
    assert log()[before:] == [
        ("ann", "message.read", "a", id),
        ("ann", "message.raw", "a", id),
        ("ann", "messages.read", "", ""),
        ("ann", "session.read", "a", str(session)),
        ("ann", "messages.read", "", ""),
    ]
    entry = AuditEntry.objects.last()
    assert entry
    assert (entry.details, entry.address) == ("include=text", "127.0.0.1")


@pytest.mark.parametrize("is_cut_again", [True, False])
def test_a_reading_that_was_cut_is_noted_once_it_is_answered(
    monkeypatch: pytest.MonkeyPatch, is_cut_again: bool
) -> None:
    """mailsink.web.pool has it answered again, where it may read for longer."""
    client, _ = ann_with("viewer"), people.mail_in("a")
    before, find = len(log()), messages.find
    looks = [True, is_cut_again]

    def costly(*given: Any, **named: Any) -> Any:
        if looks.pop(0):
            # as mailsink.asgi does; PostgreSQL ends a transaction that is cut within
            with transaction.atomic(), within(0.01), connection.cursor() as cursor:
                cursor.execute(LONG[connection.vendor])
        return find(*given, **named)

    def get(comes_again: bool) -> int:
        read_time.begin(0.01, comes_again)
        return client.get("/api/v3/messages?include=text").status_code

    monkeypatch.setattr(messages, "find", costly)
    assert copy_context().run(get, True) == 421
    assert len(log()) == before
    expected = 503 if is_cut_again else 200
    assert copy_context().run(get, False) == expected
    kinds = [kind for _, kind, _, _ in log()[before:]]
    assert kinds == ([] if is_cut_again else ["messages.read"])


def test_a_change_is_noted_in_its_own_transaction() -> None:
    client, mail = ann_with("manager"), people.mail_in("a")
    before = len(log())
    id = str(mail.pk)
    client.delete(f"/api/v3/messages?ids={id}")
    client.post(f"/messages/{id}/restore")
    client.delete(f"/api/v3/messages/{id}")
    changed = client.patch("/api/v3/inboxes/a", {"paused": True}, "application/json")
    assert changed.status_code == 200
    refused = client.patch(
        "/api/v3/inboxes/a", {"quota_octets": -1}, "application/json"
    )
    assert refused.status_code == 422
    kinds = [(kind, inbox) for _, kind, inbox, _ in log()[before:]]
    assert kinds == [
        ("message.deleted", "a"), ("message.restored", "a"), ("message.deleted", "a"), ("inbox.changed", "a"),
    ]  # fmt: skip


def test_what_fails_leaves_neither_a_change_nor_an_entry(monkeypatch: Any) -> None:
    client, mail = ann_with("tester"), people.mail_in("a")
    client.raise_request_exception = False
    before = len(log())

    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError("the log cannot be written")

    with monkeypatch.context() as patch:
        patch.setattr(AuditEntry, "save", full)
        answer = client.delete(f"/api/v3/messages/{mail.pk}")
        assert answer.status_code >= 500
    assert Message.objects.get(pk=mail.pk).deleted_at is None
    assert len(log()) == before


def test_one_act_of_several_turns_is_one_entry() -> None:
    act = audit_log.change("x", people_identity(), "", dict)
    from inbox.storage import acts

    acts.begin(act)
    try:
        for _ in range(2):
            with write_turn():
                pass
    finally:
        acts.begin(None)
    assert [kind for _, kind, _, _ in log()] == ["x"]


def people_identity() -> Any:
    from inbox.access.identity import EVERYBODY

    return EVERYBODY


def test_a_token_is_named() -> None:
    people.administrator()
    ann, mail = people.user("ann", a="viewer"), people.mail_in("a")
    made = api_tokens.add(ann, "CI", ["read"])
    client = Client(headers={"Authorization": f"Bearer {made.text}"})
    client.get(f"/api/v3/messages/{mail.pk}")
    entry = AuditEntry.objects.get(kind="message.read")
    assert (entry.caller, entry.user_name, entry.token_id) == ("token", "ann", made.token.pk)  # fmt: skip


def test_signing_in_and_failing_to_are_noted() -> None:
    people.administrator()
    User.objects.create(username="ann", password=make_password("right horse"))
    client = Client()
    client.post("/login", {"name": "ann", "password": "wrong"})
    client.post("/login", {"name": "ann", "password": "right horse"})
    client.post("/logout")
    assert [(user, kind) for user, kind, _, _ in log()] == [
        ("ann", "sign-in failed"), ("ann", "signed in"), ("ann", "signed out"),
    ]  # fmt: skip
    assert "right horse" not in str(list(AuditEntry.objects.values()))


def test_entries_can_be_neither_changed_nor_deleted() -> None:
    audit_log.store(audit_log.entry("x", people_identity()))
    entry = AuditEntry.objects.get()
    for change in (
        lambda: AuditEntry.objects.update(kind="y"),
        lambda: AuditEntry.objects.all().delete(),
        entry.delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert AuditEntry.objects.get(pk=entry.pk).kind == "x"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no TRUNCATE")
def test_the_whole_table_is_emptied_only_where_it_is_empty() -> None:
    def empty() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE inbox_auditentry")

    empty()
    audit_log.store(audit_log.entry("x", people_identity()))
    with pytest.raises(DatabaseError, match="append-only"):
        empty()
    assert AuditEntry.objects.get().kind == "x"


def test_the_setting_lets_old_entries_go() -> None:
    from mailsink.ids import first_at

    now = datetime.now(UTC)
    for days in (1, 9, 20):
        at = now - timedelta(days)
        made = audit_log.entry(f"{days}", people_identity())
        made.at, made.pk = at, first_at(at.timestamp())
        audit_log.store(made)
    assert audit_search.prune(0) == 0
    assert audit_search.prune(10) == 1
    assert [kind for _, kind, _, _ in log()] == ["9", "1"]
    assert audit_search.prune(7) == 1


def test_a_manager_finds_what_happened_in_the_own_inbox() -> None:
    root = people.signed_in(people.administrator())
    boss = people.signed_in(people.user("boss", a="manager", b="viewer"))
    ann = people.signed_in(people.user("ann", a="viewer"))
    in_a, in_b = people.mail_in("a"), people.mail_in("b")
    root.get(f"/messages/{in_b.pk}")
    ann.get(f"/messages/{in_a.pk}")
    found = boss.get("/api/v3/audit").json()["items"]
    assert [(each["user"], each["inbox"]) for each in found] == [("ann", "a")]
    assert root.get("/api/v3/audit?user=root&inbox=b").json()["items"][0]["object"] == str(in_b.pk)  # fmt: skip
    assert len(root.get("/api/v3/audit?kind=message.read&limit=1").json()["items"]) == 1
    for query, count in (("since=2020-01-01", 2), ("until=2020-01-01T00:00:00Z", 0)):
        rows = root.get(f"/api/v3/audit?kind=message.read&{query}").json()["items"]
        assert len(rows) == count
    for no_time in ("noon", "0001-01-01T00:00:00%2B12:00", "9999-12-31T23:00:00-12:00"):
        answer = root.get(f"/api/v3/audit?since={no_time}")
        assert (answer.status_code, b"not a day or a time" in answer.content) == (
            400,
            True,
        )
    assert root.get("/audit?since=2026-99-99").status_code == 400
    page = boss.get("/audit").content.decode()
    assert f"/messages/{in_a.pk}" in page
    assert str(in_b.pk) not in page
    for path in ("/audit", "/audit.csv", "/audit.jsonl", "/api/v3/audit"):
        assert ann.get(path).status_code == 403


def test_exports_hold_no_formula() -> None:
    root = people.signed_in(people.administrator())
    name = '=HYPERLINK("http://x")'
    for text in (name, "+1", "-1", "@x", "\tx", "plain", "\uff1d1"):
        audit_log.store(audit_log.entry("x", people_identity(), details=text))
    answer = root.get("/audit.csv?kind=x")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))  # type: ignore[arg-type]
    assert [row["details"] for row in rows] == ["'\uff1d1", "plain", "?x", "'@x", "'-1", "'+1", f"'{name}"]  # fmt: skip
    lines = b"".join(root.get("/audit.jsonl?kind=x")).decode().splitlines()  # type: ignore[arg-type]
    assert json.loads(lines[-1])["details"] == name
    exported = [kind for _, kind, _, _ in log() if kind == "audit.exported"]
    assert exported
    assert list(audit_export.as_csv([])) == []


def test_an_entry_passes_for_no_other_one() -> None:
    people.administrator()
    forged = 'x"\r\n2026,user,root,\x1b[2J\u202e'
    Client().post("/login", {"name": forged, "password": "x"})
    ann = people.signed_in(people.user("ann", a="viewer"))
    mail = people.mail_in("a")
    ann.get("/api/v3/messages/archive", {"ids": str(mail.pk), "format": "mbox", "q": forged})  # fmt: skip
    audit_log.flush()
    entries = AuditEntry.objects.filter(
        kind__in=["sign-in failed", "messages.exported"]
    )
    found = [(each.user_name, each.details) for each in entries.order_by("pk")]
    assert found[0][0] == 'x"??2026,user,root,?[2J?'
    assert all(text.isprintable() for each in found for text in each)


def test_without_accounts_nothing_is_noted(client: Client) -> None:
    mail = people.mail_in("a")
    client.get(f"/messages/{mail.pk}")
    client.delete(f"/api/v3/messages/{mail.pk}")
    assert log() == []
    assert b"There are no accounts" in client.get("/audit").content


def test_every_change_has_a_kind() -> None:
    for route, methods in ROUTES.items():
        for method in methods:
            if method != "GET":
                kind = audit_kinds.of_change(route, method)
                silent = route.startswith("log") or route == "account/confirm"
                assert silent or 3 < len(kind) <= 32, (route, kind)
    assert audit_kinds.of_change("messages/<message:id>/release", "POST") == "message.released"  # fmt: skip
    assert audit_kinds.of_change("api/v3/tokens/<id>", "DELETE") == "token.revoked"
    assert audit_kinds.of_change("trash/empty", "POST") == "trash.emptied"
    assert audit_kinds.of_change("api/v3/rules", "POST") == "rule.added"
    removed = "users/<int:id>/second-factors/remove"
    assert audit_kinds.of_change(removed, "POST") == "second factor.deleted"
