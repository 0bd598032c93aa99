"""The speed of a rule's waits, as named in transcripts."""

from __future__ import annotations

import re

_TIMES = "\N{MULTIPLICATION SIGN}"
# After the numbers of one or more rules (inbox.rules.rule_decisions), separated by
# commas.
_OF_A_RULE = re.compile(rf"(?:^|, )#[0-9]{{1,18}} {_TIMES}([0-9]{{1,4}})(?=[ ,]|$)")


def times(speed: int) -> str:
    """Return a speed in its written form: a multiplication sign and the number."""
    return f"{_TIMES}{speed}"


def speed_of(rule: str) -> int:
    """Return the speed in an exchange's rule; of several, the highest."""
    return max((int(each) for each in _OF_A_RULE.findall(rule)), default=1) or 1
