"""The lines of a session since it last yielded to others, or to a full recorder."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Pace:
    """Counted by mailsink.smtp.session.line_input."""

    lines: int = 0  # since it last yielded
    octets: int = 0  # of those lines
    burst: int = 0  # lines since it last yielded or waited for the client
    lines_after_loss: int = 0
