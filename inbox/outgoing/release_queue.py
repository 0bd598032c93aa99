"""The queue of releases: due releases are claimed and marked, and their results are stored.

A claim is one conditional update, so that no two processes deliver the same release.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db.models import Min, QuerySet

from inbox.bouncing import release_reports
from inbox.models import (
    Message,
    Raw,
    Release,
    ReleaseRecipient,
    ReleaseTry,
    Route,
    Server,
)
from inbox.models.outgoing import HELD, WAITING
from inbox.outgoing import contents, held_state, leaving, trace_field
from inbox.storage import webhook_outbox
from inbox.storage.write_lock import write_turn
from mailsink.smtp.client.hop_values import (
    OutgoingMail,
    OutgoingRecipient,
    RecipientResult,
)
from mailsink.smtp.protocol import grammar

# Seconds until the next try, by the number of tries so far; the last value repeats.
_RESTS = (30, 120, 600, 1800, 3600, 7200)

_REMOVED_AT_ONCE = 20  # releases, of up to 100 recipients each
_LONGEST_TEXT = 1000  # characters of a reply that are stored with a recipient
_KEPT_FOR = timedelta(days=30)  # for releases that have ended

_DEAD_AFTER = timedelta(seconds=60)  # without a heartbeat
_STOPPED = "Mailsink stopped before the session with the next hop was over."
_STOPPED_IN_DOUBT = (
    "Mailsink stopped when the message had been sent, before the reply to it was stored: it "
    "may have arrived, and may arrive again with the next try."
)


class Passage(NamedTuple):
    """How a release may go out, at the moment."""

    # returns why no mail may go to an address; "": it may
    refusal: Callable[[str], str]
    add_received: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A release that is being tried, and the recipients of this try."""

    release: Release
    release_try: ReleaseTry
    recipients: tuple[ReleaseRecipient, ...]
    mail: OutgoingMail
    passing: Callable[[], Passage]
    # The addresses that the last check refused; of held mail, they wait on.
    refused: set[str] = field(default_factory=set)


def due(busy: Collection[int | None]) -> tuple[list[int | None], float | None]:
    """Return the routes with due releases, and the seconds until the next one is due.

    busy: the routes at work, which are left out. None stands for a removed route.
    """
    now = datetime.now(UTC)
    rows = Release.objects.filter(state="queued").values("route")
    times = dict(
        rows.annotate(at=Min("next_try_at"))
        .order_by("at")
        .values_list("route", "at")[:200]
    )
    free = {route: at for route, at in times.items() if at and route not in busy}
    later = [(at - now).total_seconds() for at in free.values() if at > now]
    return [route for route, at in free.items() if at <= now], min(later, default=None)


def claim(route: Route | None, server: UUID, session: UUID | None) -> Claim | None:
    """Claim the next due release of a route; return None if there is none.

    session: its session with the next hop; None: no session, since no mail can go out.
    A release that cannot go out at all fails here, with its reason.
    """
    while True:
        now = datetime.now(UTC)
        rows = Release.objects.filter(route=route, state="queued", next_try_at__lte=now)
        release_try = _next(rows.order_by("next_try_at", "pk"), server, session)
        if release_try is None:
            return None
        if claimed := _prepared(
            release_try, partial(_by_route, route, release_try.release)
        ):
            return claimed


def claim_held(
    id: UUID, passing: Callable[[], Passage], server: UUID, session: UUID, who: str
) -> Claim | None:
    """Claim a release for the receiver who requests it; return None if it may not leave now.

    passing: returns how it may go out at the moment. who: the receiver
    """
    rows = Release.objects.filter(pk=id, state=HELD)
    release_try = _next(rows, server, session, requested_by=who)
    return _prepared(release_try, passing) if release_try is not None else None


def last_look(claimed: Claim) -> tuple[str, ...]:
    """Return, for each recipient of a claim, why no mail may go there now; "": it may."""
    gone = _message(claimed.release) is None
    passage = _NONE if gone else _guarded(claimed.passing())
    paths = [each.forward_path for each in claimed.recipients]
    reasons = tuple(map(passage.refusal, paths))
    found = zip(paths, reasons, strict=True)
    claimed.refused.update(path for path, reason in found if reason)
    return reasons


def message_ends(claimed: Claim) -> None:
    """Note that the end of the message is about to be sent."""
    with write_turn():
        ReleaseTry.objects.filter(pk=claimed.release_try.pk).update(message_ended=True)


def report(claimed: Claim, results: Sequence[RecipientResult]) -> None:
    """Store the result for each recipient of a claim, and the time of the next try."""
    now = datetime.now(UTC)
    results = [
        _of_held(claimed, row, result)
        for row, result in zip(claimed.recipients, results, strict=True)
    ]
    for row, result in zip(claimed.recipients, results, strict=True):
        row.state = "queued" if result.state == "deferred" else result.state
        row.code, row.enhanced = result.code or None, result.enhanced
        row.text = result.text[:_LONGEST_TEXT]
        row.reported = "hop" if result.reports else row.reported
    with write_turn():
        for row in claimed.recipients:
            _store(row)
        _end(claimed.release_try, _summary(results))
        tried_again = any(
            row.state == "queued" and row.forward_path not in claimed.refused
            for row in claimed.recipients
        )
        _settle(claimed.release, now, tried_again)


def _of_held(
    claimed: Claim, row: ReleaseRecipient, result: RecipientResult
) -> RecipientResult:
    """Return a result; a recipient of held mail that the last check refused waits on."""
    refused = row.forward_path in claimed.refused and not result.code
    if refused and result.state == "failed" and claimed.release.held_by_id is not None:
        return result._replace(state="deferred")
    return result


def recover(server: UUID, before: datetime, sessions: Collection[UUID] = ()) -> None:
    """Put abandoned releases back into the queue, with a remark.

    These are the tries of dead servers, and this server's tries outside the given
    sessions, which were open at the time `before`. Later tries are left alone.
    """
    heard = datetime.now(UTC) - _DEAD_AFTER
    alive = Server.objects.filter(stopped_at=None, heartbeat__gte=heard)
    left = ReleaseTry.objects.filter(ended_at=None, began_at__lt=before)
    left = left.exclude(server__in=alive.exclude(pk=server).values("pk"))
    for release_try in left.exclude(session_id__in=sessions).select_related("release"):
        now = datetime.now(UTC)
        text = _STOPPED_IN_DOUBT if release_try.message_ended else _STOPPED
        with write_turn():
            _end(release_try, text)
            rows = ReleaseRecipient.objects.filter(release=release_try.release)
            rows.filter(state="trying").update(state="queued", text=text, code=None)
            _settle(release_try.release, now)


def expire() -> None:
    """Fail the releases whose time is over.

    Those behind others of an unreachable route fail, too.
    """
    now = datetime.now(UTC)
    over = Release.objects.filter(state="queued", expires_at__lt=now, tries__gt=0)
    for release in over.order_by("pk")[:_REMOVED_AT_ONCE]:
        with write_turn():
            if Release.objects.filter(pk=release.pk, state="queued").exists():
                _settle(release, now)


def remove_old() -> int:
    """Remove a batch of releases that ended long ago; return the number of removed rows."""
    before = datetime.now(UTC) - _KEPT_FOR
    ended = Release.objects.filter(ended_at__lt=before).order_by("pk")
    ids = list(ended.values_list("pk", flat=True)[:_REMOVED_AT_ONCE])
    if ids:
        with write_turn():
            Release.objects.filter(pk__in=ids).delete()
    return len(ids)


def _next(
    rows: QuerySet[Release], server: UUID, session: UUID | None, **facts: str
) -> ReleaseTry | None:
    """Claim the first of these releases, and store that it is being tried."""
    for release in rows[:20]:
        mine = Release.objects.filter(pk=release.pk, state=release.state)
        tries = release.tries + 1
        with write_turn():
            if mine.update(state="trying", tries=tries, next_try_at=None, **facts):
                release.state, release.tries = "trying", tries
                return ReleaseTry.objects.create(
                    release=release,
                    server_id=server,
                    session_id=session,
                    began_at=datetime.now(UTC),
                )
    return None


def _prepared(release_try: ReleaseTry, passing: Callable[[], Passage]) -> Claim | None:
    """Return the claim to send, or None if no mail may go: the release has failed then."""
    release = release_try.release
    rows = ReleaseRecipient.objects.filter(release=release, state="queued")
    pending = list(rows.order_by("seq"))
    message = _message(release)
    raw = _body(message)
    passage = _NONE if raw is None else _guarded(passing())
    refused = [(row, passage.refusal(row.forward_path)) for row in pending]
    kept = tuple(row for row, reason in refused if not reason)
    waits = release.held_by_id is not None  # until a list allows it
    mail = None
    if message and raw and kept:
        try:
            # Mail that no person checked must not go round in a loop unnoticed.
            traced = passage.add_received or release.derived_from
            field = trace_field.of(message) if traced else b""
            mail = _mail(release, kept, raw, field)
        except OSError as error:
            kept, waits = (), False
            text = f"The message could not be read: {error.strerror}."
            refused = [(row, reason or text) for row, reason in refused]
    with write_turn():
        for row, reason in refused:
            row.state = ("queued" if waits else "failed") if reason else "trying"
            if reason:
                row.code, row.enhanced, row.text = None, "5.7.1", reason
            _store(row)
        if mail is None:
            _end(
                release_try,
                next(
                    (reason for _, reason in refused), "There was nothing left to send."
                ),
            )
            _settle(release, datetime.now(UTC), tried_again=False)
    return (
        Claim(release, release_try, kept, mail, passing) if mail is not None else None
    )


def _message(release: Release) -> Message | None:
    """Return the message of a release; None if it was deleted."""
    rows = Message.objects.filter(pk=release.message_id, deleted_at=None)
    return rows.select_related("transaction__session").first()


def _body(message: Message | None) -> Raw | None:
    return Raw.objects.filter(pk=message.transaction_id).first() if message else None


def _by_route(route: Route | None, release: Release) -> Passage:
    """Return the passage by the current lists; they may have changed during the session."""
    now = Route.objects.filter(pk=route.pk).first() if route is not None else None
    if now is None:
        return Passage(lambda address: "The route was removed.")
    of = Message.objects.filter(pk=release.message_id).values_list(
        "inbox_id", flat=True
    )
    return Passage(leaving.by_route(now, of.first()), now.add_received)


def _guarded(passage: Passage) -> Passage:
    """Return a passage with the checks of all outgoing mail before its own."""
    check = leaving.by_all()
    return passage._replace(refusal=lambda to: check(to) or passage.refusal(to))


_NONE = Passage(lambda address: "The message was deleted.")


def _mail(
    release: Release, rows: Sequence[ReleaseRecipient], raw: Raw, before: bytes
) -> OutgoingMail:
    """Return the mail to send. before: octets that precede the message"""
    parameters = _parameters(release.parameters)
    addresses = [release.reverse_path, *(row.forward_path for row in rows)]
    return OutgoingMail(
        reverse_path=release.reverse_path,
        recipients=tuple(_recipient(row) for row in rows),
        size=len(before) + raw.size,
        pieces=lambda: contents.pieces(raw, before),
        needs=contents.needs(raw, addresses, "SMTPUTF8" in parameters),
        ret=parameters.get("RET") or "",
        envid=parameters.get("ENVID") or "",
        require_tls="REQUIRETLS" in parameters,
    )


def _recipient(row: ReleaseRecipient) -> OutgoingRecipient:
    parameters = _parameters(row.parameters)
    return OutgoingRecipient(
        row.forward_path, parameters.get("NOTIFY") or "", parameters.get("ORCPT") or ""
    )


def _parameters(text: str) -> dict[str, str | None]:
    """Return parameters that were once accepted; none if they are unreadable."""
    try:
        return grammar.parse_parameters(text)
    except grammar.BadSyntax:
        return {}


def _end(release_try: ReleaseTry, outcome: str) -> None:
    ReleaseTry.objects.filter(pk=release_try.pk).update(
        ended_at=datetime.now(UTC), outcome=outcome
    )


def _settle(release: Release, now: datetime, tried_again: bool = True) -> None:
    """Set the state of a release from its recipients, and from its time.

    tried_again: with recipients left, it is tried again; else held mail waits for its
    receiver
    """
    of_release = ReleaseRecipient.objects.filter(release=release)
    queued = of_release.filter(state="queued")
    if release.held_for and not tried_again and queued.exists():
        release.route = None
    waits = bool(release.held_for) and release.route_id is None
    if waits and _wait_on(release, now):
        release_reports.note(release, now)
        return
    if release.expires_at <= now:
        for row in queued:
            row.state, row.text = "failed", f"{release_reports.GIVEN_UP} {row.text}"
            _store(row)
    release_reports.note(release, now)
    states = set(of_release.values_list("state", flat=True))
    rows = Release.objects.filter(pk=release.pk)
    if states & {"queued", "trying"}:
        rest = _RESTS[min(release.tries, len(_RESTS)) - 1] if release.tries else 0
        at = min(now + timedelta(seconds=rest), release.expires_at)
        rows.update(state="queued", next_try_at=at)
        return
    state = "failed" if "failed" in states else "delivered"
    rows.update(state=state, ended_at=now, next_try_at=None)
    webhook_outbox.put(f"release.{state}", _with_inbox(release))


def _wait_on(release: Release, now: datetime) -> bool:
    """Let held mail wait on if it has recipients left; return whether it has.

    If mail for the domain is no longer held, the release is cancelled: nobody will take
    it.
    """
    left = ReleaseRecipient.objects.filter(release=release, state__in=WAITING)
    if not left.exists():
        return False
    rows = Release.objects.filter(pk=release.pk)
    fields = held_state.fields(release.message_id)
    if not rows.filter(held_by__isnull=False).update(**fields):
        left.update(state="cancelled")
        rows.update(state="cancelled", ended_at=now, next_try_at=None)
    return True


def _with_inbox(release: Release) -> Iterator[tuple[UUID, int | None]]:
    """Yield a release with the inbox of its message, looked up when needed."""
    rows = Message.objects.filter(pk=release.message_id)
    yield release.pk, rows.values_list("inbox_id", flat=True).first()


def _store(row: ReleaseRecipient) -> None:
    ReleaseRecipient.objects.filter(release=row.release_id, seq=row.seq).update(
        state=row.state, code=row.code, enhanced=row.enhanced, text=row.text,
        reported=row.reported,
    )  # fmt: skip


def _summary(results: Sequence[RecipientResult]) -> str:
    """Return the outcome of a try in words: "2 delivered, 1 deferred"."""
    states = [result.state for result in results]
    names = ("delivered", "deferred", "failed")
    return ", ".join(f"{states.count(n)} {n}" for n in names if n in states)
