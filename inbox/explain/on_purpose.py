"""The reason for a deliberate reply, and the way to get another one, by its origin."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The beginning of an exchange's rule if the client's input asked for the reply:
# inbox.rules.address_words writes it.
_OF_THE_CLIENT = ("address ", "name ", "user name ")


def asked_for(rule: str) -> bool:
    """Whether an address or a name of the client asked for the reply."""
    return rule.startswith(_OF_THE_CLIENT)


def is_own(rule: str) -> bool:
    """Whether a user made the rule, or a client asked for it.

    The reply's text then explains nothing.
    """
    return rule.startswith(("#", *_OF_THE_CLIENT))


def who_decided(rule: str) -> str:
    """Return the origin of a deliberate reply, as a sentence."""
    if asked_for(rule):
        return _("The %(asking)s asks for this reply.") % {"asking": rule}
    return _("The rule “%(rule)s” gave this reply.") % {"rule": rule}


def how_to_change(rule: str) -> str:
    """Return how to get another reply, as a sentence."""
    if asked_for(rule):
        return _(
            "Use another one, or do not let addresses ask for replies: Settings has a switch."
        )
    return _("Change the rule, or switch it off.")
