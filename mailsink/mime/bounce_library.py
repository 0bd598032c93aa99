"""The recipients of a bounce that flufl.bounce finds in its text.

The library knows the bounces of many systems; the maintainers of Mailman maintain it.
It gets a short message that is built here: its regular expressions take quadratic time
in a line, and the parser of `email` is recursive. Never raises.
"""

from __future__ import annotations

import logging
import re
from email.message import Message

from flufl.bounce import all_failures

from mailsink.mime.bounce_lines import LINE, lines_of, text_parts
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part

# The library logs its attempts, and errors that are caught here, with a traceback.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_LINES = 150
_LINE = 200  # characters
_FIELD = 16 * 1024  # characters
_RUN = re.compile(r"(\W)\1{8,}+")  # rulers and spaces; eight characters are enough
_ADDRESS = re.compile(r"[\w.!#$%&*+/?^`{}~=-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
# Some detectors find octets of a file, or words. A local part alone counts as an
# address.
_IS_ADDRESS = re.compile(rf"(?:{_ADDRESS.pattern}|[\w.+-]{{1,64}})").fullmatch


def failures(reading: Reading) -> tuple[list[str], list[str]]:
    """Return the addresses of temporary and permanent failures that flufl.bounce finds."""
    try:
        temporary, permanent = all_failures(_flat(reading))
    except Exception:  # a heuristic can raise anything
        return [], []
    return _decoded(temporary), _decoded(permanent)


def _decoded(found: frozenset[bytes]) -> list[str]:
    texts = (each.decode("utf-8", "replace").strip() for each in found)
    return sorted(filter(_IS_ADDRESS, texts))


def _flat(reading: Reading) -> Message:
    """Return the message for flufl.bounce: short, without nested parts.

    It is built here, not parsed: the parser of `email` is recursive.
    """
    root = reading.structure.root
    whole = Message()
    whole["From"] = _sender(root)
    for name in ("Subject", "X-Mailer", "X-Failed-Recipients"):
        if field := root.get(name):
            whole[name] = _cut(field.value)
    texts = [_message(reading, each) for each in text_parts(reading)]
    if not root.content_type.startswith("multipart/"):
        whole.set_payload(texts[0].get_payload() if texts else "")
        return whole
    is_report = root.content_type == "multipart/report"
    whole["Content-Type"] = "multipart/report" if is_report else "multipart/mixed"
    # Some detectors look for a part after the text.
    for each in [*texts, Message()]:
        whole.attach(each)
    return whole


def _cut(value: str) -> str:
    """Return the beginning of a field's value, without a cut address at its end."""
    return value if len(value) <= _FIELD else value[:_FIELD].rpartition(",")[0]


def _sender(root: Part) -> str:
    """Return the address in From, or an invented one: a detector fails without any."""
    field = root.get("from")
    found = _ADDRESS.search(field.value[:LINE]) if field else None
    return found[0] if found else "nobody@invalid"


def _message(reading: Reading, part: Part) -> Message:
    message = Message()
    message["Content-Type"] = "text/plain"
    if description := part.get("content-description"):
        message["Content-Description"] = description.value[:200]
    lines = lines_of(reading, part)[:_LINES]
    short = (_RUN.sub(r"\1" * 8, line)[:_LINE] for line in lines)
    message.set_payload("".join(f"{line}\n" for line in short))
    return message
