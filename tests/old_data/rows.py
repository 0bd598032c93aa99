"""The rows of the old data folder, made by the models of that time."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import AutoField

from tests.old_data import mails

SESSIONS = mails.MESSAGES // mails.PER_SESSION
NOT_ACCEPTED = 300
GONE = 200  # tombstones
_SESSION_SECONDS = 144  # from one to the next
_ENDINGS = ("quit", "quit", "dropped", "timeout", "shutdown", "error", "crashed")
_OUTCOMES = ("rejected", "reset", "abandoned")
# Those first that others refer to
_ORDER = """
    server session transaction recipient exchange raw message messageread searchtext
    fingerprint bodyfinding mute remotehost savedsearch tombstone user
""".split()


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows, given by columns; those not given have their defaults."""
    columns = {
        each.column: each
        for each in model._meta.local_fields
        if each.column and not isinstance(each, AutoField)
    }
    empty = {name: _stored(each, each.get_default()) for name, each in columns.items()}
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({places})",
            [
                tuple(
                    _stored(field, row[name]) if name in row else empty[name]
                    for name, field in columns.items()
                )
                for row in rows
            ],
        )


def _stored(field: Any, value: Any) -> Any:
    """Return a value as the database takes it."""
    if value is None or isinstance(value, (str, int, bytes)):
        return value
    return field.get_db_prep_save(value, connection)


class Rows:
    """Makes all rows, and the files of bodies under data/raw.

    models: those of the app as they were, by their lower-case names
    """

    def __init__(self, models: dict[str, Any], data: Path) -> None:
        self._models = models
        self._data = data
        self._made: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=40)
        self.indexed: list[tuple[int, int]] = []  # key in the full text, number

    def write(self) -> None:
        """Write them all."""
        inboxes = self._models["inbox"].objects
        inbox = inboxes.get(slug="default")
        self._add_settings(inbox)
        default = inbox.pk
        audit = inboxes.create(slug="audit", name="Audit", retention_days=30).pk
        self._add_servers()
        for number in range(SESSIONS):
            slug = mails.inbox(number * mails.PER_SESSION)
            self._add_session(number, audit if slug == "audit" else default)
        self._add_tombstones(default)
        for name in _ORDER:
            _insert(self._models[name], self._made[name])

    def _add(self, model: str, **columns: Any) -> None:
        self._made[model].append(columns)

    def _id(self, kind: int, number: int, seconds: int = 0) -> UUID:
        """Return a UUIDv7 of so many seconds after the start."""
        milliseconds = (int(self._start.timestamp()) + seconds) * 1000
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | kind << 48 | number)

    def _add_settings(self, inbox: Any) -> None:
        inbox.name, inbox.known_only, inbox.quota_octets = "Shop", True, 10**9
        inbox.addresses = [
            {"address": "ann@example.com", "name": "Ann", "kind": "mailbox", "target": []},
            {"address": "old@example.com", "name": "", "kind": "moved", "target": ["ann@example.com"]},
        ]  # fmt: skip
        inbox.save()
        at = self._start
        self._add("user", username="ann", email="ann@example.com", date_joined=at)
        self._add(
            "mute", inbox_id=inbox.pk, kind="missing_date", reason="by hand", at=at
        )
        self._add("remotehost", inbox_id=inbox.pk, host="cdn.example.com")
        for number, query in enumerate(("is:bug", "subject:rechnung tag:red")):
            self._add(
                "savedsearch", id=self._id(2, number), name=f"Search {number}",
                query=query, created_at=at,
            )  # fmt: skip

    def _add_servers(self) -> None:
        at = self._start
        for number in range(2):
            self._add(
                "server", id=self._id(1, number), hostname=f"host{number}", pid=100,
                started_at=at, heartbeat=at, stopped_at=at, smtp=["127.0.0.1:1025"],
                smtps=["127.0.0.1:1465"], lmtp=["127.0.0.1:1024"],
                submission=["127.0.0.1:1587"], http=["127.0.0.1:8025"],
            )  # fmt: skip

    def _add_session(self, number: int, inbox: int) -> None:
        seconds = number * _SESSION_SECONDS
        id, opened = self._id(3, number, seconds), self._at(seconds)
        first = number * mails.PER_SESSION
        kind, helo = mails.listener_kind(first), mails.helo(first)
        self._add(
            "session", id=id, server_id=self._id(1, number % 2), inbox_id=inbox,
            listener="127.0.0.1:1025", door=kind, client_address=f"10.0.{number % 200}.7",
            client_port=mails.client_port(number), helo=helo,
            opened_at=opened, closed_at=opened + timedelta(seconds=30),
            ending=_ENDINGS[number % len(_ENDINGS)], last_verb="QUIT", exchanges=23,
            transactions=mails.PER_SESSION, messages=mails.PER_SESSION,
            octets=5000 + number, refused=number % 3, worst_code=250,
            **(_SECURE if kind in ("smtps", "submission") else {"protocol": "ESMTP"}),
        )  # fmt: skip
        self._add_exchange(id, 1, "", "220 here ESMTP", kind="connect")
        offer = "250-here\n250-SIZE 52428800\n250 SMTPUTF8"
        self._add_exchange(id, 2, f"EHLO {helo}", offer)
        for place in range(mails.PER_SESSION):
            self._add_accepted(first + place, id, inbox)
        if number < NOT_ACCEPTED:
            self._add_not_accepted(number, id, inbox)
        self._add_exchange(id, 23, "QUIT", "221 2.0.0 Bye", flags="half_close")

    def _at(self, seconds: int) -> datetime:
        return self._start + timedelta(seconds=seconds)

    def _add_exchange(
        self, session: UUID, seq: int, line: str, reply: str, **fields: Any
    ) -> None:
        given = {"kind": "command", "flags": "pipelined"} | fields
        self._add(
            "exchange", session_id=session, seq=seq, verb=line.split(" ")[0], line=line,
            octets=len(line) + 2, code=int(reply[:3]), enhanced=reply[4:9], reply=reply,
            received_us=seq * 1000, ready_us=seq * 1000 + 90,
            replied_us=seq * 1000 + 120, delayed_us=seq, rule=f"rule {seq}", **given,
        )  # fmt: skip

    def _add_accepted(self, number: int, session: UUID, inbox: int) -> None:
        """Add a transaction that became a message, with all that belongs to it."""
        session_number, place = divmod(number, mails.PER_SESSION)
        seconds = session_number * _SESSION_SECONDS + 1 + place
        id, seq = self._id(4, number, seconds), 3 + 4 * place
        self._add(
            "transaction", id=id, session_id=session, inbox_id=inbox, seq=place + 1,
            reverse_path=mails.sender(number), parameters="SIZE=900", code=250,
            outcome="accepted", recipients_accepted=2, recipients_refused=1,
            started_us=seq * 1000, ended_us=seq * 1000 + 3120,
        )  # fmt: skip
        self._add_recipients(number, id)
        for step, (line, reply, kind) in enumerate((
            (f"MAIL FROM:<{mails.sender(number)}> SIZE=900", "250 2.1.0 Ok", "command"),
            (f"RCPT TO:<{mails.recipient(number)}>", "250 2.1.5 Ok", "command"),
            ("DATA", "354 Go on", "command"),
            ("", f"250 2.0.0 Ok: queued as {number}", "body"),
        )):  # fmt: skip
            self._add_exchange(
                session, seq + step, line, reply, kind=kind, transaction_id=id
            )
        self._add_raw(number, id, complete=True)
        self._add_fingerprint(number, id)
        self._add_message(number, id, inbox, seconds)

    def _add_recipients(self, number: int, transaction: UUID) -> None:
        final_code = 250 if mails.listener_kind(number) == "lmtp" else None
        for seq, path, parameters, code, final in (
            (1, mails.recipient(number), "NOTIFY=NEVER", 250, final_code),
            (2, mails.OTHER_RECIPIENTS[0], "", 250, final_code),
            (3, mails.OTHER_RECIPIENTS[1], "", 550, None),
        ):
            self._add(
                "recipient", transaction_id=transaction, seq=seq, forward_path=path,
                parameters=parameters, rcpt_code=code, final_code=final,
            )  # fmt: skip

    def _add_raw(self, number: int, transaction: UUID, *, complete: bool) -> None:
        """Add a body: every hundredth in a file, every third compressed."""
        octets = mails.body(number)
        fields = {"content": octets}
        if number % 100 == 3:
            key = f"{transaction.hex[-2:]}/{transaction.hex}"
            path = self._data / "raw" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(octets)
            fields = {"content": None, "key": key}
        elif number % 3 == 0:
            fields = {"content": zlib.compress(octets), "codec": "zlib"}
        self._add(
            "raw", transaction_id=transaction, sha256=hashlib.sha256(octets).hexdigest(),
            size=len(octets), complete=complete, **fields,
        )  # fmt: skip

    def _add_fingerprint(self, number: int, transaction: UUID) -> None:
        self._add(
            "fingerprint", transaction_id=transaction, attempt=1 + number % 7 // 6,
            message_id=f"<{number}@shop.test>",
            sha256=hashlib.sha256(mails.body(number)).hexdigest(),
        )  # fmt: skip

    def _add_message(
        self, number: int, transaction: UUID, inbox: int, seconds: int
    ) -> None:
        id, indexed = self._id(5, number, seconds), mails.is_indexed(number)
        self._add(
            "message", id=id, transaction_id=transaction, inbox_id=inbox,
            received_at=self._at(seconds), from_name=f"Shop {number % 50}",
            from_address=mails.sender(number), subject=mails.subject(number),
            to=[{"name": "Ann", "address": mails.recipient(number)}],
            cc=[{"name": "", "address": "bob@example.com"}],
            message_id=f"<{number}@shop.test>", date=datetime(2026, 11, 22, 9, tzinfo=UTC),
            size=len(mails.body(number)), snippet=mails.text(number) if indexed else "",
            attachments=int(indexed and mails.has_file(number)),
            indexed_at=self._at(seconds + 1) if indexed else None,
            pinned=mails.is_pinned(number), tags=mails.tags(number),
            status=mails.status(number), note=mails.note(number),
            **({"deleted_at": self._at(40 * 3600 - 60), "deleted_by": "10.0.0.9"} if mails.is_deleted(number) else {}),
        )  # fmt: skip
        if mails.is_read(number):
            self._add("messageread", message_id=id)
        if mails.has_full_text(number):
            key = id.int >> 80 << 12 | id.int >> 64 & 0xFFF
            self._add("searchtext", id=key, message_id=id)
            self.indexed.append((key, number))
        if number % 20 == 5:
            self._add(
                "bodyfinding", transaction_id=transaction, kind="bare_lf_data",
                offset=number, octets="y\\x0aHi",
            )  # fmt: skip

    def _add_not_accepted(self, number: int, session: UUID, inbox: int) -> None:
        """Add a transaction that was refused, taken back or cut off."""
        id = self._id(6, number, number * _SESSION_SECONDS + 7)
        outcome = _OUTCOMES[number % len(_OUTCOMES)]
        self._add(
            "transaction", id=id, session_id=session, inbox_id=inbox, outcome=outcome,
            seq=mails.PER_SESSION + 1, reverse_path="refused@shop.test",
            code=552 if outcome == "rejected" else None, recipients_accepted=1,
            started_us=25_000, ended_us=26_000,
        )  # fmt: skip
        self._add(
            "recipient", transaction_id=id, seq=1, rcpt_code=250,
            forward_path=f"refused{number}@example.com",
        )  # fmt: skip
        if outcome != "reset":
            self._add_raw(number, id, complete=False)
        if number % 50:  # the others were not looked at yet
            self._add_fingerprint(number, id)

    def _add_tombstones(self, inbox: int) -> None:
        for number in range(GONE):
            self._add(
                "tombstone", address=f"gone{number}@example.com", inbox_id=inbox,
                message=self._id(7, number, -9000), subject=f"Gone {number}",
                transaction=self._id(8, number, -9000), received_at=self._at(-9000),
                removed_at=self._start, cause="count",
            )  # fmt: skip


_SECURE = {
    "protocol": "ESMTPSA",
    "tls_version": "TLSv1.3",
    "tls_cipher": "TLS_AES_256_GCM_SHA384",
    "tls_sni": "mail.test",
    "auth_mechanism": "PLAIN",
    "auth_username": "shop",
}
