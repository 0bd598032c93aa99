"""A transcript as plain text, for pasting into a mail, a ticket or a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from inbox.explain.inputs import Exchangelike, WholeSession
from inbox.explain.lines import line as to_line
from inbox.explain.outcomes import ending, peer


def head(session: WholeSession) -> str:
    """Return the first lines of a session's text."""
    tls = session.tls_version.replace("TLSv", "TLS ")
    facts = (session.protocol, tls, session.auth_mechanism and f"AUTH {_user(session)}")
    lines = (
        _("Session %(id)s of %(client)s") % {"id": session.pk, "client": peer(session)},
        _("%(client)s to %(listener)s, %(protocol)s")
        % {
            "client": f"{session.client_address}:{session.client_port}",
            "listener": session.listener,
            "protocol": " · ".join(fact for fact in facts if fact),
        },
        _("%(opened)s UTC. %(ending)s")
        % {
            "opened": f"{session.opened_at:%Y-%m-%d %H:%M:%S}",
            "ending": ending(session) or _("Still open."),
        },
    )
    return "".join(f"{line}\n" for line in lines) + "\n"


def _user(session: WholeSession) -> str:
    return f"{session.auth_mechanism} {session.auth_username}".strip()


def of_exchange(exchange: Exchangelike) -> str:
    """Return an exchange's lines: C: for the client's, S: for ours, with their ms."""
    return "".join(f"{line}\n" for line in _lines(exchange))


def _lines(exchange: Exchangelike) -> Iterator[str]:
    at = f"{exchange.received_us / 1000:12,.1f}"
    shown = to_line(exchange)
    said = " ".join(part for part in (shown.verb, shown.text) if part)
    remark = f"({shown.remark})" if shown.remark else ""
    if said or remark:
        yield f"{at}  C: {' '.join(part for part in (said, remark) if part)}"
    for flag in shown.flags:
        yield f"{'':12}     [{flag.label}]"
    if exchange.reply:
        replied = exchange.replied_us or exchange.ready_us or exchange.received_us
        for reply in exchange.reply.split("\n"):
            yield f"{replied / 1000:12,.1f}  S: {reply}"
    if shown.slowed:
        yield f"{'':12}     [{shown.slowed}]"
