"""What the server answers on purpose. There are no rules yet: things take their course."""

from __future__ import annotations

from mailsink.ports import GO_ON, Consult, Decision, Stage


class NoRules:
    """Implements mailsink.ports.Policy: asks to be consulted at no stage."""

    stages: frozenset[Stage] = frozenset()

    async def decide(self, consult: Consult) -> Decision:
        return GO_ON
