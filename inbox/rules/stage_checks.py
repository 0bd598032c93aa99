"""Checks that a condition can be known, and an action can be done, at a stage. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.errors import InvalidMember

_BEFORE_MAIL = ("connect", "helo", "starttls", "auth")
_BESIDE_MAIL = ("rset", "vrfy", "etrn", "quit")


class _Bound(NamedTuple):
    """Members that are impossible at some stages, and the words for it."""

    group: str  # conditions or actions
    names: tuple[str, ...]
    words: str
    at: Collection[str] = ()  # only these stages; (): all
    never_at: Collection[str] = ()

    def member(self, stage: str, given: Mapping[str, Any]) -> str:
        """Return the first given member that is impossible at a stage; "" for none."""
        if (not self.at or stage in self.at) and stage not in self.never_at:
            return ""
        return next((name for name in self.names if name in given), "")


_BOUNDS = (
    _Bound("conditions", ("helo", "user"), gettext_noop("the client has sent nothing yet at the stage connect"), never_at=("connect",)),
    _Bound("conditions", ("verb",), gettext_noop("there is no command at the stage %(stage)s"), never_at=("connect", "body")),
    _Bound("conditions", ("size_over",), gettext_noop("a size is known at the stages mail, body and any only"), at=("mail", "body", "any")),
    _Bound("conditions", ("transaction", "reverse_path", "forward_path"), gettext_noop("there is no transaction at the stage %(stage)s"), never_at=("connect", "starttls", "auth", "etrn")),
    _Bound("conditions", ("reverse_path", "forward_path"), gettext_noop("there are no addresses yet at the stage %(stage)s"), never_at=_BEFORE_MAIL),
    _Bound("conditions", ("forward_path",), gettext_noop("there is no recipient yet at the stage mail"), never_at=("mail",)),
    _Bound("conditions", ("header", "header_value", "body", "errors"), gettext_noop("the message is known at the stage body only"), at=("body",)),
    _Bound("conditions", ("attempt",), gettext_noop("an attempt is known at the stages rcpt, data, bdat and body only"), at=("rcpt", "data", "bdat", "body")),
    _Bound("actions", ("tags", "pin", "inbox", "discard"), gettext_noop("there is no message at the stage %(stage)s"), never_at=(*_BEFORE_MAIL, *_BESIDE_MAIL)),
    _Bound("actions", ("without", "size"), gettext_noop("extensions are withdrawn at the stage helo only"), at=("helo",)),
    _Bound("actions", ("tls_failure",), gettext_noop("TLS fails at the stage starttls only"), at=("starttls",)),
)  # fmt: skip


def check_together(
    stage: str, conditions: Mapping[str, Any], actions: Mapping[str, Any]
) -> None:
    """Raise InvalidMember if a rule could never act, given what is known at its stage."""
    given = {"conditions": conditions, "actions": actions}
    for bound in _BOUNDS:
        if name := bound.member(stage, given[bound.group]):
            words = _(bound.words) % {"stage": stage}
            raise InvalidMember(f"{bound.group}.{name}", words)
    if "tls_failure" in actions and len(actions) > 1:
        words = _("a rule that makes TLS fail has no other action")
        raise InvalidMember("actions.tls_failure", words)
