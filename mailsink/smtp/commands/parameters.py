"""The parameters of MAIL and RCPT: one table of their extensions and values.

`taken` parses the text after a path and checks it against the RFCs; values keep their
case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from mailsink.smtp.protocol import grammar, replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import Refusal
from mailsink.smtp.session.session import Session

LONGEST_HOLD = 30 * 24 * 3600  # seconds that a message can be held (RFC 4865 §4)

Given = dict[str, str | None]  # by upper-case keyword
Check = Callable[[Session, str | None], None]  # raises Refusal for a bad value


class Parameter(NamedTuple):
    """One parameter of MAIL or RCPT."""

    extension: str  # the keyword of EHLO that offers it
    syntax: str  # for HELP
    rfc: str
    check: Check


def taken(session: Session, verb: str, text: str) -> Given:
    """Return the parameters of a verb, each checked; raises Refusal.

    501 for a parameter that is malformed or repeated, 555 for one that is not offered.
    """
    if not text:
        return {}
    try:
        given = grammar.parse_parameters(text)
    except grammar.BadSyntax as error:
        raise Refusal(replies.bad_parameter(str(error))) from None
    known = PARAMETERS[verb]
    for keyword, value in given.items():
        if not session.extended:
            raise Refusal(replies.parameter_needs_ehlo(keyword[:40]))
        parameter = known.get(keyword)
        if parameter is None:
            raise Refusal(replies.unknown_parameter(keyword[:40], verb))
        if parameter.extension not in session.offered:
            raise Refusal(replies.parameter_not_offered(keyword, parameter.extension))
        parameter.check(session, value)
    if "HOLDFOR" in given or "HOLDUNTIL" in given:
        _check_hold(session, given)
    return given


def sender_ok(session: Session, given: Given) -> Reply:
    """Return the reply to MAIL with these parameters.

    It may change one of them (RFC 6710 §4.1).
    """
    priority = given.get("MT-PRIORITY")
    if priority is not None and int(priority) > 0 and session.user is None:
        return replies.PRIORITY_LOWERED
    return replies.SENDER_OK


def _size(session: Session, value: str | None) -> None:
    """RFC 1870 §5."""
    if not (value and value.isascii() and value.isdigit() and len(value) <= 20):
        raise Refusal(replies.BAD_SIZE)
    limit = session.profile.max_message_size
    if limit and int(value) > limit:
        raise Refusal(replies.declared_too_large(int(value), limit))
    if int(value) > session.host.room():
        raise Refusal(replies.NO_ROOM)


def _body(session: Session, value: str | None) -> None:
    """RFC 6152 §2; RFC 3030 §3."""
    values = ["7BIT", "8BITMIME"]
    if "BINARYMIME" in session.offered:
        values.append("BINARYMIME")
    if str(value).upper() not in values:
        raise Refusal(replies.bad_body(values))


def _no_value(keyword: str) -> Check:
    def check(session: Session, value: str | None) -> None:
        if value is not None:
            raise Refusal(replies.no_value(keyword))

    return check


def _auth(session: Session, value: str | None) -> None:
    """RFC 4954 §5. A value that is no mailbox may be a secret, and arrives masked."""
    if value == "<>":
        return
    try:
        if "@" not in grammar.unxtext(value or ""):
            raise grammar.BadSyntax("no mailbox")
    except grammar.BadSyntax:
        raise Refusal(replies.BAD_AUTH_PARAMETER) from None


def _takes(form: str, refusal: Reply) -> Check:
    """Return a check that a value has a form, ignoring case."""
    pattern = re.compile(form, re.IGNORECASE | re.ASCII)

    def check(session: Session, value: str | None) -> None:
        if value is None or not pattern.fullmatch(value):
            raise Refusal(refusal)

    return check


# RFC 3461 §4.4: the decoded value is printable; a + begins two hexadecimal digits.
_ENVID = re.compile(r"(?:[!-*,-<>-~]|\+[2-7][0-9A-F])+")
# RFC 3461 §4.2; the type utf-8 writes other than ASCII directly, or as \x{HEX}
# (RFC 6533 §3).
_ORCPT = re.compile(
    r"(?:(?P<utf8>utf-8)|[A-Za-z0-9!#$%&'*\-/?^_`{|}~.]+);"
    r"(?P<address>(?:[!-*,-<>-~]|\+[0-9A-F]{2}|[^\x00-\x7f])+)",
    re.IGNORECASE,
)


def _envid(session: Session, value: str | None) -> None:
    if not value or len(value) > 100 or not _ENVID.fullmatch(value):
        raise Refusal(replies.BAD_ENVID)


def _orcpt(session: Session, value: str | None) -> None:
    match = _ORCPT.fullmatch(value or "")
    if match is None:
        raise Refusal(replies.BAD_ORCPT)
    transaction = session.transaction
    if not match["address"].isascii() and not (
        match["utf8"] and transaction is not None and transaction.declared.smtputf8
    ):
        raise Refusal(replies.ORCPT_NOT_ASCII)


_BY = re.compile(r"([+-]?[0-9]{1,9});([NR])T?", re.IGNORECASE | re.ASCII)


def _by(session: Session, value: str | None) -> None:
    """RFC 2852 §4."""
    match = _BY.fullmatch(value or "")
    if match is None:
        raise Refusal(replies.BAD_BY)
    if match[2] in "Rr" and int(match[1]) <= 0:
        raise Refusal(replies.BY_IS_OVER)


_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)",
    re.IGNORECASE | re.ASCII,
)


def _hold_until(session: Session, value: str | None) -> None:
    """RFC 4865 §5, with RFC 3339 §5.6."""
    if _seconds_until(session, value or "") <= 0:
        raise Refusal(replies.HOLD_IS_OVER)


def _seconds_until(session: Session, time: str) -> float:
    if not _TIME.fullmatch(time):
        raise Refusal(replies.BAD_HOLDUNTIL)
    try:
        until = datetime.fromisoformat(time.upper())
    except ValueError:
        raise Refusal(replies.BAD_HOLDUNTIL) from None
    now = datetime.fromtimestamp(session.unix_time(), UTC)
    return (until - now).total_seconds()


def _check_hold(session: Session, given: Given) -> None:
    """Check the two ways to hold a message, and BY together with them (RFC 4865 §5)."""
    interval, time = given.get("HOLDFOR"), given.get("HOLDUNTIL")
    if interval and time:
        raise Refusal(replies.HELD_TWICE)
    seconds = float(interval) if interval else _seconds_until(session, time or "")
    if seconds > LONGEST_HOLD:
        raise Refusal(replies.held_too_long(LONGEST_HOLD))
    by = given.get("BY")
    if by and seconds > int(by.partition(";")[0]):
        raise Refusal(replies.HELD_BEYOND_BY)


PARAMETERS: dict[str, dict[str, Parameter]] = {
    "MAIL": {
        "SIZE": Parameter("SIZE", "SIZE=octets", "RFC 1870", _size),
        "BODY": Parameter(
            "8BITMIME", "BODY=7BIT|8BITMIME|BINARYMIME", "RFC 6152, RFC 3030", _body
        ),
        "SMTPUTF8": Parameter(
            "SMTPUTF8", "SMTPUTF8", "RFC 6531", _no_value("SMTPUTF8")
        ),
        "AUTH": Parameter("AUTH", "AUTH=<>|mailbox", "RFC 4954", _auth),
        "RET": Parameter(
            "DSN", "RET=FULL|HDRS", "RFC 3461", _takes("FULL|HDRS", replies.BAD_RET)
        ),
        "ENVID": Parameter("DSN", "ENVID=xtext", "RFC 3461", _envid),
        "BY": Parameter("DELIVERBY", "BY=seconds;N|R[T]", "RFC 2852", _by),
        "MT-PRIORITY": Parameter(
            "MT-PRIORITY",
            "MT-PRIORITY=-9...9",
            "RFC 6710",
            _takes("-?[1-9]|0", replies.BAD_PRIORITY),
        ),
        "HOLDFOR": Parameter(
            "FUTURERELEASE",
            "HOLDFOR=seconds",
            "RFC 4865",
            _takes("[1-9][0-9]{0,8}", replies.BAD_HOLDFOR),
        ),
        "HOLDUNTIL": Parameter(
            "FUTURERELEASE",
            "HOLDUNTIL=2030-12-31T23:59:59Z",
            "RFC 4865",
            _hold_until,
        ),
        "REQUIRETLS": Parameter(
            "REQUIRETLS", "REQUIRETLS", "RFC 8689", _no_value("REQUIRETLS")
        ),
    },
    "RCPT": {
        "NOTIFY": Parameter(
            "DSN",
            "NOTIFY=NEVER|SUCCESS,FAILURE,DELAY",
            "RFC 3461",
            _takes(
                "NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}",
                replies.BAD_NOTIFY,
            ),
        ),
        "ORCPT": Parameter("DSN", "ORCPT=type;xtext", "RFC 3461", _orcpt),
    },
}
