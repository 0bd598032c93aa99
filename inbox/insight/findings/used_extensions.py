"""The extensions offered by EHLO that a client used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from inbox.insight.findings.session_evidence import SessionEvidence
from inbox.models import Recipient, Session, Transaction

# Only the server uses these: a client has no choice.
_OURS = ("ENHANCEDSTATUSCODES", "LIMITS")
_VERBS = {"CHUNKING": "BDAT"}  # other verbs are equal to their keyword
_PARAMETERS: dict[str, tuple[str, ...]] = {  # of MAIL
    "SIZE": ("SIZE=",),
    "8BITMIME": ("BODY=8BITMIME", "BODY=7BIT"),
    "BINARYMIME": ("BODY=BINARYMIME",),
    "SMTPUTF8": ("SMTPUTF8",),
    "DSN": ("RET=", "ENVID="),
    "DELIVERBY": ("BY=",),
    "MT-PRIORITY": ("MT-PRIORITY=",),
    "FUTURERELEASE": ("HOLDFOR=", "HOLDUNTIL="),
    "REQUIRETLS": ("REQUIRETLS",),
}


@dataclass(frozen=True, slots=True)
class Extensions:
    """Keywords of EHLO, in the order of the reply."""

    offered: tuple[str, ...] = ()
    used: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """A sentence: "used 9 of 15 extensions"."""
        return _("used %(used)s of %(offered)s extensions") % {
            "used": len(self.used),
            "offered": len(self.offered),
        }


NONE_OFFERED = Extensions()


def used(session: Session, found: SessionEvidence) -> Extensions:
    """Return the extensions offered to a client, and those that it used.

    At most two queries.
    """
    keywords = dict.fromkeys(line.split(" ")[0].upper() for line in found.offered)
    offered = tuple(word for word in keywords if word and word not in _OURS)
    if not offered:
        return NONE_OFFERED
    asked = _asked(session, offered)
    if "DSN" in offered and "DSN" not in asked and _notified(session):
        asked.add("DSN")
    if "pipelined" in found.flags:
        asked.add("PIPELINING")
    verbs = {word for word in offered if _VERBS.get(word, word) in found.verbs}
    return Extensions(offered, tuple(word for word in offered if word in asked | verbs))


def _asked(session: Session, offered: Iterable[str]) -> set[str]:
    """Return the extensions that parameters of MAIL requested."""
    wanted = [word for word in offered if word in _PARAMETERS]
    counts = Transaction.objects.filter(session=session).aggregate(
        **{f"n{n}": Count("id", filter=_given(word)) for n, word in enumerate(wanted)}
    )
    return {word for n, word in enumerate(wanted) if counts[f"n{n}"]}


def _given(keyword: str) -> Q:
    given = Q()
    for start in _PARAMETERS[keyword]:
        given |= Q(parameters__istartswith=start) | Q(parameters__icontains=f" {start}")
    return given


def _notified(session: Session) -> bool:
    rows = Recipient.objects.filter(transaction__session=session)
    return rows.exclude(parameters="").exists()
