"""Bounces that do not follow RFC 3464: the facts about recipients in their text.

flufl.bounce knows the bounces of many systems. It finds addresses; their status and
diagnostic are in the lines around them. In a bounce of an unknown system, the addresses
that are also recipients of the original count. Never raises. Linear time: it reads
LINES lines of a text, and LINE characters of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailsink.mime import bounce_library
from mailsink.mime.bounce_lines import LINE, LINES, lines_of, text_parts
from mailsink.mime.delivery_reports import (
    MOST,
    ReportedRecipient,
    failure_reply_in,
    failure_status_in,
)
from mailsink.mime.reading import Reading
from mailsink.mime.report_signs import Sign

_DIAGNOSTIC = 500  # characters
_MARKS = ">)]\"':;,.- \t"  # around an address

_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.!#$%&*+/?^`{}~=-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,254}"
)
# A line with little more than an address: "<a@b.example>:", "RCPT TO: a@b.example"
_ALONE = re.compile(
    r"(?:.{0,40}\b(?:to|recipients?|address|user|mailbox)\b.{0,20}?[:=])?[\s*>\"'\[(-]*+<?(?P<address>[^\s<>@]{1,64}@[A-Za-z0-9.-]{1,255})",
    re.IGNORECASE,
)
# Where the copy of the original message begins
_RULED = re.compile(
    r"\W{2,}+.{0,60}?\b(?:original|returned|unsent|copy|below|headers?|forwarded|text follows)\b",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?:(?:the )?(?:original|old|returned) (?:message|mail)|(?:included|below|this) is a copy"
    r"|a copy of (?:the|your)|message headers? follow|message text follows|your message reads)",
    re.IGNORECASE,
)
_COPIED = ("received:", "return-path:", "x-envelope-from:", "message-id:")
_DELAYS = (
    "no action is required on your part", "will continue to be made", "will be retried",
    "still being retried", "not yet been delivered", "has been delayed", "attempt to deliver the message again",
)  # fmt: skip
_SAYS_FAILED = (
    "could not be delivered", "not be delivered", "was not delivered", "unable to deliver",
    "delivery failed", "delivery has failed", "undeliverable", "did not reach", "had permanent",
    "user unknown", "unknown user", "no such user", "mailbox is full", "mailbox unavailable",
    "returned to sender", "permanent error", "permanent failure", "rejected", "delivery problem",
    "not deliver", "failed recipient", "delivery error",
)  # fmt: skip


def recipients(
    reading: Reading, originals: Sequence[str], sign: Sign
) -> tuple[tuple[ReportedRecipient, ...], int]:
    """Return the recipients that a bounce names, and how many more there are.

    originals: the known recipients of the original message
    sign: how surely the message is a bounce, judged without its text
    """
    lines = _lines(reading)
    head = _without_copy(lines)
    lowered = [each.lower() for each in head]
    text = "\n".join(lowered)
    delayed, failed = bounce_library.failures(reading)
    is_sure = sign == "sure"
    says_failed = sign == "likely" and _says(text, _SAYS_FAILED)
    if not delayed and not failed and (is_sure or says_failed):
        found = _by_place(head, _own(reading), originals)
        delayed, failed = (found, []) if _is_delay(reading, text) else ([], found)
    actions = dict.fromkeys(delayed, "delayed") | dict.fromkeys(failed, "failed")
    places = {each: _line_of(lowered, each) for each in list(actions)[:MOST]}
    said = [
        _recipient(head, address, actions[address], places)
        for address in sorted(places, key=places.__getitem__)
    ]
    return tuple(said), len(actions) - len(said)


def replies(reading: Reading, addresses: Sequence[str]) -> dict[str, str]:
    """Return the text about each address with a code, or with text on its line."""
    head = _without_copy(_lines(reading))
    lowered = [each.lower() for each in head]
    places = {each: _line_of(lowered, each) for each in addresses}
    found: dict[str, str] = {}
    for address, place in places.items():
        end = min((each for each in places.values() if each > place), default=len(head))
        diagnostic = _diagnostic(head, address, place, end)
        if place < len(head) and (
            _has_code(diagnostic) or _behind(head[place], address)
        ):
            found[address] = diagnostic
    return found


def _recipient(
    head: Sequence[str], address: str, action: str, places: dict[str, int]
) -> ReportedRecipient:
    place = places[address]
    end = min((each for each in places.values() if each > place), default=len(head))
    diagnostic = _diagnostic(head, address, place, end)
    return ReportedRecipient(
        address=address,
        final=address,
        action=action,
        status=failure_status_in(diagnostic),
        code=failure_reply_in(diagnostic),
        diagnostic=diagnostic,
    )


# The text -------------------------------------------------------------------------


def _lines(reading: Reading) -> list[str]:
    parts = text_parts(reading)
    return [line for part in parts for line in (*lines_of(reading, part), "")][:LINES]


def _without_copy(lines: Sequence[str]) -> list[str]:
    """Return the lines before the copy of the original message.

    The first line never begins it.
    """
    said = [number for number, line in enumerate(lines) if line.strip()]
    begins = (number for number in said[1:] if _begins_copy(lines[number].strip()))
    return list(lines[: next(begins, len(lines))])


def _begins_copy(line: str) -> bool:
    if line.lower().startswith(_COPIED) or _RULED.match(line):
        return True
    return bool(_ANNOUNCED.match(line)) and _is_title(line)


def _is_title(line: str) -> bool:
    """Whether a line only announces the next lines, and reports nothing itself."""
    return len(line) < 80 and line.endswith((":", ".", "-", "follow", "follows"))


def _line_of(lowered: Sequence[str], address: str) -> int:
    """Return the number of the first line with an address, or the number of lines.

    lowered: in lower case.
    """
    wanted = address.lower()
    return next((n for n, line in enumerate(lowered) if wanted in line), len(lowered))


def _diagnostic(head: Sequence[str], address: str, start: int, end: int) -> str:
    """Return the text about an address: the lines with a code, else the lines after it.

    start: the line with the address; end: the line with the next address
    """
    line = head[start] if start < len(head) else ""
    at = line.lower().find(address.lower())
    rest = _behind(line, address)
    behind = _blocks([rest, *head[start + 1 : end]])
    before = _blocks(head[:start])
    coded = (each for each in (*behind, *before) if _has_code(each))
    own = [behind[0]] if rest and behind else []
    beside = line[: max(at, 0)].rstrip("<([\"'*: \t")
    is_said = beside.count(" ") >= 3 and not beside.endswith(" to")
    saying = (each for each in behind if _is_saying(each, address))
    last = (each for each in before[-1:] if _says(each.lower(), _SAYS_FAILED))
    found = [*coded, *own, *([beside.strip()] if is_said else []), *saying, *last]
    return _shortened(next(iter(found), ""))


def _shortened(said: str) -> str:
    """Return the beginning of the text about an address.

    A long text begins near its code.
    """
    code = failure_status_in(said) or str(failure_reply_in(said) or "")
    start = max(0, said.find(code) - _DIAGNOSTIC // 2)
    return said[start : start + _DIAGNOSTIC]


def _behind(line: str, address: str) -> str:
    """Return the text after an address in a line; "" if the line does not have it."""
    at = line.lower().find(address.lower())
    return line[at + len(address) :].lstrip(_MARKS) if at >= 0 else ""


def _is_saying(block: str, address: str) -> bool:
    """Whether lines hold more than an address, and are no title or ruler."""
    rest = block.lower().replace(address.lower(), "")
    return not block.endswith(":") and block[:2] != "--" and any(map(str.isalnum, rest))


def _has_code(text: str) -> bool:
    return bool(failure_status_in(text) or failure_reply_in(text))


def _blocks(lines: Sequence[str]) -> list[str]:
    """Return each run of lines without an empty line, joined into one line."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    joined = (" ".join(each) for each in blocks)
    return [each for each in joined if any(map(str.isalnum, each))]


# Bounces that the library does not know --------------------------------------------


def _by_place(
    head: Sequence[str], own: set[str], originals: Sequence[str]
) -> list[str]:
    """Return the addresses in a text that are recipients of the original, else those alone on a line."""
    text = "\n".join(head).lower()
    theirs = [each for each in originals if each.lower() not in own]
    if shared := [each for each in theirs if each.lower() in text]:
        return shared
    places = (_ALONE.match(line) for line in head)
    alone = dict.fromkeys(each["address"] for each in places if each)
    found = [each for each in alone if each.lower() not in own]
    if not found:
        found = theirs if len(theirs) == 1 else _only(text, own)
    return [each.strip(".") for each in found]


def _only(text: str, own: set[str]) -> list[str]:
    """Return the only address of a text, apart from those of the report itself."""
    lines = (line for line in text.split("\n") if "@" in line)
    found = dict.fromkeys(_ADDRESS.findall("\n".join(lines)))
    others = [each for each in found if each.strip(".") not in own]
    return others if len(others) == 1 else []


def _own(reading: Reading) -> set[str]:
    """Return the addresses of the report itself, in lower case."""
    root = reading.structure.root
    values = (root.get(name) for name in ("from", "to", "reply-to", "sender"))
    found = (_ADDRESS.findall(each.value[:LINE].lower()) for each in values if each)
    return {address for addresses in found for address in addresses}


def _is_delay(reading: Reading, text: str) -> bool:
    field = reading.structure.root.get("subject")
    subject = field.value[:LINE].lower() if field else ""
    return "delay" in subject or "warning" in subject or _says(text, _DELAYS)


def _says(text: str, phrases: tuple[str, ...]) -> bool:
    return any(each in text for each in phrases)
