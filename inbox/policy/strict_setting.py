"""The strict mode of a server and its inboxes, and the kinds that are no errors there."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, cast

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.insight import mail_faults
from inbox.mailbox import inboxes
from inbox.mailbox.scope import Scope
from inbox.models import Mute
from inbox.policy.strict_mode import StrictMode
from mailsink.conf import CONFIG, Config

Mode = Literal["off", "report", "error"]
StrictChoice = Literal["server", "off", "report", "error"]  # of an inbox


@dataclass(frozen=True, slots=True)
class StrictSetting:
    """A mode, and the kinds that are no errors there."""

    mode: Mode = "off"
    ignored: Collection[str] = frozenset()

    def for_clients(self, may_ask: bool) -> StrictMode:
        """Return the strict mode for clients. may_ask: whether their names can ask for it"""
        return StrictMode(self.mode == "error", may_ask, self.ignored)


NOT_STRICT = StrictSetting()


def of_server(config: Config) -> StrictSetting:
    """Return the setting of the whole server."""
    return StrictSetting(config.strict, frozenset(config.strict_ignore))


def of_inbox(
    inbox_id: int, strict: str, ignored: Iterable[str], server: StrictSetting
) -> StrictSetting:
    """Return the setting of an inbox from its fields; muted kinds are no errors."""
    mode = mode_of(strict, server)
    muted = Mute.objects.filter(inbox=inbox_id).values_list("kind", flat=True)
    return StrictSetting(mode, frozenset((*server.ignored, *ignored, *muted)))


def ignored_in(scope: Scope, slug: str) -> Collection[str]:
    """Return the kinds that are no errors in an inbox. Raises NotFound."""
    inbox, server = inboxes.by_slug(scope, slug), of_server(CONFIG)
    return of_inbox(inbox.pk, inbox.strict, inbox.strict_ignored, server).ignored


def mode_of(strict: str, server: StrictSetting) -> Mode:
    """Return the mode of an inbox from its field."""
    return server.mode if strict == "server" else cast(Mode, strict)


def clean(kinds: Iterable[str]) -> list[str]:
    """Return kinds that a message can be refused for, without duplicates.

    Raises Invalid for others.
    """
    wanted = sorted({*kinds})
    for each in wanted:
        if each not in mail_faults.KINDS:
            near = difflib.get_close_matches(each[:40], mail_faults.KINDS, 1)
            words = _('there is no error "%(kind)s" for which a message is refused')
            if near:
                words = _(
                    'there is no error "%(kind)s" for which a message is refused; did '
                    'you mean "%(near)s"?'
                )
            raise Invalid(words % {"kind": each[:40], "near": near and near[0]})
    return wanted
