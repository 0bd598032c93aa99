"""What the server answers on purpose: nothing, as long as there are no rules."""

from __future__ import annotations

from collections.abc import Collection

from mailsink.ports import GO_ON, Consult, Decision, Stage


class NoRules:
    """Implements mailsink.ports.Policy: lets things take their course."""

    stages: Collection[Stage] = frozenset()

    async def decide(self, _: Consult) -> Decision:
        """Answer a consultation."""
        return GO_ON
