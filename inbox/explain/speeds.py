"""The speed of a rule: how many times faster its waits pass, as transcripts name it."""

from __future__ import annotations

import re

_TIMES = "\N{MULTIPLICATION SIGN}"
# Behind the number of a rule (inbox.rules.rule_decisions), one or more, by comma.
_OF_A_RULE = re.compile(rf"(?:^|, )#[0-9]{{1,18}} {_TIMES}([0-9]{{1,4}})(?=[ ,]|$)")


def times(speed: int) -> str:
    """Return a speed as it is written: by the sign of multiplication and the number."""
    return f"{_TIMES}{speed}"


def speed_of(rule: str) -> int:
    """Return the speed of what an exchange names as its rule; of several the highest."""
    return max((int(each) for each in _OF_A_RULE.findall(rule)), default=1) or 1
