"""Turns the actions of a rule into a decision for the engine. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inbox.explain.speeds import times
from inbox.providers.provider_replies import entry_ids
from inbox.rules.usual_replies import usual_reply
from mailsink.ports import Decision, Stage
from mailsink.smtp.protocol.replies import Reply

# Actions that the transcript names next to the rule; a wait is a value of the exchange.
_DEEDS = (
    "drip",
    "stall",
    "close",
    "reset",
    "keep",
    "garble",
    "without",
    "size",
    "discard",
)


def decision_of(rule: Any, stage: Stage) -> Decision:
    """Return the decision of a rule at a stage; the transcript shows its number and name."""
    actions: dict[str, Any] = rule.actions
    return Decision(
        reply=_reply(actions, stage),
        delay=actions.get("delay_ms", 0) / 1000,
        drip=float(actions.get("drip", 0)),
        stall=actions.get("stall", False),
        close=actions.get("close", ""),
        resets=actions.get("reset", False),
        kept=actions.get("keep", 0),
        garbled=actions.get("garble", False),
        without=frozenset(actions.get("without", ())),
        size=actions.get("size", 0),
        tls_failure=actions.get("tls_failure", ""),
        tags=tuple(actions.get("tags", ())),
        pinned=actions.get("pin", False),
        inbox=actions.get("inbox", ""),
        discarded=actions.get("discard", False),
        rule=_named(rule),
    )


def _named(rule: Any) -> str:
    """Return a rule's name for the transcript, with its speed.

    inbox.explain.speeds parses it.
    """
    speed = rule.limits.get("speed", 1)
    faster = times(speed) if speed > 1 else ""
    said = ", ".join(_remarks(rule.actions))
    remarks = f"({said})" if said else ""
    return " ".join(filter(None, (f"#{rule.pk}", faster, rule.name, remarks)))


def _remarks(actions: dict[str, Any]) -> Iterator[str]:
    """Yield remarks that a reply does not show: the provider, and actions on the message."""
    if actions.get("code", 0) >= 400:
        texts = tuple(actions.get("text", ()))
        yield from entry_ids(actions["code"], actions.get("enhanced"), texts)
    for name in _DEEDS:
        if value := actions.get(name):
            shown = " ".join(value) if isinstance(value, list) else str(value)
            yield name if value is True else f"{name} {shown}"


def ends_the_search(decision: Decision) -> bool:
    """Whether the reply is settled, so that later rules are not consulted."""
    settled = decision.reply is not None or decision.shapes
    return settled or bool(decision.tls_failure)


def _reply(actions: dict[str, Any], stage: Stage) -> Reply | None:
    code = actions.get("code")
    if code is None:
        return None
    usual = usual_reply(stage, code)
    enhanced = actions.get("enhanced", usual.enhanced)
    return Reply(code, enhanced, tuple(actions.get("text") or usual.texts))
