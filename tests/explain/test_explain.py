"""What the pages say of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import explain
from inbox.capture.rows import ExchangeRow, SessionRow
from inbox.explain.causes import RefusalPlace, deciding
from inbox.explain.envelope_parameters import asked
from inbox.explain.lines import details
from inbox.explain.outcomes import NOTHING_MORE, peer
from inbox.explain.quantities import counted, duration, stopwatch
from mailsink.smtp.commands.parameters import PARAMETERS
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.events import FLAGS
from mailsink.smtp.protocol.replies import Reply

NOW = datetime.now(UTC)


def a_session(**fields: object) -> SessionRow:
    row = SessionRow(uuid4(), uuid4(), "127.0.0.1:1025", "10.0.0.1", 9, "SMTP", NOW)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def an_exchange(**fields: object) -> ExchangeRow:
    row = ExchangeRow(uuid4(), 1, "command", "NOOP", "NOOP", 6, 1_031_400)
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def test_every_flag_has_its_words() -> None:
    assert explain.FLAG_WORDS.keys() == FLAGS
    for words in explain.FLAG_WORDS.values():
        assert words.sentence.endswith((".", ")."))


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "0 ms"),
        (3, "0.1 ms"),
        (240, "0.2 ms"),
        (949, "0.9 ms"),
        (950, "1 ms"),
        (3_100, "3 ms"),
        (41_300, "41 ms"),
        (999_499, "999 ms"),
        (999_500, "1.0 s"),
        (59_949_999, "59.9 s"),
        (59_950_000, "1:00 min"),
        (245_000_000, "4:05 min"),
        (3_599_600_000, "1:00 h"),
        (7_500_000_000, "2:05 h"),
    ],
)
def test_duration(us: int, words: str) -> None:
    assert duration(us) == words


def test_counted_and_stopwatch() -> None:
    assert counted(1, "byte") == "1 byte"
    assert counted(14203, "byte") == "14,203 bytes"
    assert [stopwatch(s) for s in (-3, 4, 65, 3723)] == [
        "0:00",
        "0:04",
        "1:05",
        "1:02:03",
    ]


def test_meaning_known_code_with_enhanced_code() -> None:
    first, second, third = explain.meaning(550, "5.1.1")
    assert "unknown" in first
    assert "permanent" in second
    assert "the mailbox does not exist" in third


def test_meaning_unknown_code_goes_by_its_first_digit() -> None:
    assert explain.meaning(499) == [
        "4yz is temporary: a good client keeps the message and tries again later "
        "(RFC 5321 §4.2.1)."
    ]
    assert explain.meaning(999) == ["999 is no code that SMTP knows."]
    assert explain.meaning(250, "2.9.9") == explain.meaning(250)


@dataclass
class Case:
    words: str
    session: SessionRow
    facts: explain.Facts = NOTHING_MORE


def ended(ending: str, **fields: object) -> SessionRow:
    return a_session(ending=ending, closed_at=NOW + timedelta(seconds=1), **fields)


def refused(
    verb: str,
    code: int,
    reply: Reply | None = None,
    kind: str = "command",
    **fields: Any,
) -> explain.Facts:
    """A session whose first refusal was this one."""
    enhanced = reply.enhanced if reply else ""
    lines = "\n".join(reply.lines()) if reply else f"{code} No"
    line = an_exchange(verb=verb, kind=kind, code=code, enhanced=enhanced, reply=lines)
    return explain.Facts(refusal=line, **fields)


SILENT = "The client was silent for 300 seconds."


@pytest.mark.parametrize(
    "case",
    [
        Case("Connected, waiting for the first command", a_session()),
        Case("Waiting for a command after MAIL", a_session(last_verb="MAIL")),
        Case(
            "Receiving a message: 1 byte so far",
            a_session(last_verb="DATA"),
            explain.Facts(body_octets=1),
        ),
        Case("Waiting for the message", a_session(), explain.Facts(body_octets=0)),
        Case(
            "Delivered 2 messages so far · Recipient rejected (550) · "
            "Waiting for a command after RCPT",
            a_session(messages=2, last_verb="RCPT"),
            refused("RCPT", 550),
        ),
        Case("Closed without sending mail", ended("quit")),
        Case("Delivered 1 message", ended("quit", messages=1)),
        Case("Delivered 1 message", ended("dropped", messages=1, last_verb="DATA")),
        Case("Recipient rejected (550)", ended("quit"), refused("RCPT", 550)),
        Case(
            "Recipient rejected: malformed address (501)",
            ended("quit"),
            refused("RCPT", 501, replies.bad_recipient("it has no domain")),
        ),
        Case(
            "Recipient rejected: address needs SMTPUTF8 (553)",
            ended("quit"),
            refused("RCPT", 553, replies.RECIPIENT_NOT_ASCII),
        ),
        Case(
            "Recipient rejected: inbox full (552)",
            ended("quit"),
            refused("RCPT", 552, replies.MAILBOX_FULL),
        ),
        Case(
            "Recipient rejected: wrong argument (501)",
            ended("quit"),
            refused("RCPT", 501),
        ),
        Case(
            "DATA refused: no valid recipients (554)",
            ended("quit"),
            refused("DATA", 554, replies.NO_VALID_RECIPIENTS),
        ),
        Case("DATA refused (554)", ended("quit"), refused("DATA", 554)),
        Case(
            "TLS on a plain port (554)",
            ended("refused"),
            refused("", 554, replies.TLS_ON_PLAIN),
        ),
        Case(
            "3 recipients rejected (550)",
            ended("quit"),
            refused("RCPT", 550, refused=3),
        ),
        Case(
            "Recipients rejected (550)", ended("quit"), refused("RCPT", 550, refused=0)
        ),
        Case(
            "Recipient rejected: inbox paused (450)",
            ended("quit"),
            refused("RCPT", 450, replies.PAUSED),
        ),
        Case(
            "RCPT refused: wrong order of commands (503)",
            ended("quit"),
            refused("RCPT", 503),
        ),
        Case(
            "MAIL refused: message too large (552)",
            ended("quit"),
            refused("MAIL", 552, replies.declared_too_large(9, 8)),
        ),
        Case(
            "MAIL refused: inbox full (552)",
            ended("quit"),
            refused("MAIL", 552, replies.MAILBOX_FULL),
        ),
        Case(
            "MAIL refused: unknown parameter (555)", ended("quit"), refused("MAIL", 555)
        ),
        Case("MAIL refused (599)", ended("quit"), refused("MAIL", 599)),
        Case(
            "MAIL refused: STARTTLS required (530)",
            ended("quit"),
            refused("MAIL", 530, replies.TLS_FIRST),
        ),
        Case("Login failed (504)", ended("quit"), refused("AUTH", 504)),
        Case(
            "EHLO refused: invalid host name (501)", ended("quit"), refused("EHLO", 501)
        ),
        Case("Unknown command (500)", ended("dropped"), refused("", 500)),
        Case(
            "Line too long (500)",
            ended("quit"),
            refused("", 500, replies.LINE_TOO_LONG),
        ),
        Case(
            "Delivered 2 messages · 2 recipients rejected (452)",
            ended("dropped", messages=2, last_verb="RSET"),
            refused("RCPT", 452, refused=2),
        ),
        Case(
            "Disconnected mid-message (128 bytes)",
            ended("dropped", last_verb="DATA"),
            refused("RCPT", 550, body_octets=128),
        ),
        Case("Disconnected after MAIL", ended("dropped", last_verb="MAIL")),
        Case("Connected, then disconnected", ended("dropped")),
        Case(
            "Timed out: no command for 5 min after MAIL",
            ended("timeout", last_verb="MAIL"),
            explain.Facts(last_line=SILENT),
        ),
        Case(
            "Timed out: no command for 5 min after connecting",
            ended("timeout"),
            explain.Facts(last_line=SILENT),
        ),
        Case("Timed out", ended("timeout", last_verb="MAIL")),
        Case(
            "Timed out mid-message (7 bytes)",
            ended("timeout"),
            explain.Facts(body_octets=7, last_line=SILENT),
        ),
        Case(
            "Connection refused: too many connections (421)",
            ended("refused", worst_code=421),
            refused("", 421, replies.TOO_MANY_CONNECTIONS, kind="notice"),
        ),
        Case(
            "Closed by Mailsink: too many errors or commands (421)",
            ended("refused", last_verb="NOOP"),
            refused("", 421, replies.too_many_commands(9), kind="notice"),
        ),
        Case("Closed by Mailsink (550)", ended("refused", worst_code=550)),
        Case("TLS failed", ended("tls_failed")),
        Case(
            "TLS failed: certificate not trusted",
            ended("tls_failed"),
            explain.Facts(flags=frozenset({"tls_untrusted"})),
        ),
        Case(
            "Disconnected at the certificate",
            ended("dropped"),
            explain.Facts(flags=frozenset({"left_at_certificate"})),
        ),
        Case("Mailsink was stopped", ended("shutdown", last_verb="EHLO")),
        Case("Roles reversed (TURN)", ended("turned")),
        Case(
            "HTTP on the SMTP port",
            ended("error"),
            explain.Facts(flags=frozenset({"http_on_smtp"})),
        ),
        Case(
            "PROXY header missing",
            ended("timeout"),
            explain.Facts(flags=frozenset({"bad_proxy_header"})),
        ),
        Case(
            "PROXY header not trusted",
            ended("refused", worst_code=554),
            explain.Facts(flags=frozenset({"proxy_not_trusted"})),
        ),
    ],
    ids=lambda case: case.words,
)
def test_outcome(case: Case) -> None:
    assert explain.outcome(case.session, case.facts) == case.words
    assert explain.headline(case.session, case.facts) == f"10.0.0.1 → {case.words}"


@pytest.mark.parametrize(
    ("tone", "session", "facts"),
    [
        ("", ended("quit"), NOTHING_MORE),
        ("", ended("quit", messages=1), NOTHING_MORE),
        ("", ended("dropped"), NOTHING_MORE),
        ("", ended("turned"), NOTHING_MORE),
        ("error", ended("quit"), refused("RCPT", 550)),
        ("warning", ended("quit"), refused("RCPT", 450)),
        ("warning", ended("quit", messages=1), refused("RCPT", 550)),
        ("error", ended("dropped", last_verb="MAIL"), NOTHING_MORE),
        ("error", ended("dropped", last_verb="DATA"), explain.Facts(body_octets=0)),
    ],
)
def test_tone_of_an_outcome(
    tone: str, session: SessionRow, facts: explain.Facts
) -> None:
    assert explain.tone(session, facts) == tone


@pytest.mark.parametrize(
    ("first", "fields", "place"),
    [
        ({("command", "RCPT"): 4, ("command", "DATA"): 5}, {}, "RCPT"),
        ({("command", "MAIL"): 3, ("command", "RCPT"): 4}, {}, "MAIL"),
        ({("command", "EHLO"): 2, ("command", "MAIL"): 4}, {"helo": "a"}, "MAIL"),
        ({("command", "EHLO"): 2, ("command", "MAIL"): 4}, {}, "EHLO"),
        ({("auth", "AUTH"): 3, ("command", "MAIL"): 4}, {}, "AUTH"),
        ({("auth", "AUTH"): 3}, {"auth_mechanism": "PLAIN"}, None),
        ({("auth", ""): 3}, {"auth_mechanism": "PLAIN"}, None),
        ({("auth", "AUTH"): 3}, {"messages": 1}, None),
        ({("command", "VRFY"): 3, ("body", ""): 9}, {}, ""),
        ({("command", "VRFY"): 3}, {}, "VRFY"),
        ({("command", "VRFY"): 3}, {"messages": 1}, None),
        ({("command", "RCPT"): 3}, {"messages": 1}, "RCPT"),
        ({("notice", ""): 3}, {}, ""),
        ({}, {}, None),
    ],
)
def test_the_refusal_that_decides(
    first: dict[tuple[str, str], int], fields: dict[str, object], place: str | None
) -> None:
    places = {RefusalPlace(*key): seq for key, seq in first.items()}
    found = deciding(places, ended("quit", **fields))
    assert (found.verb if found else None) == place


@pytest.mark.parametrize(
    "ending",
    "quit dropped timeout shutdown refused tls_failed turned error crashed".split(),
)
def test_every_ending_has_a_sentence(ending: str) -> None:
    assert explain.ending(ended(ending)).endswith(".")
    assert explain.outcome(ended(ending, last_verb="NOOP"))


def test_ending_after_a_refusal_is_not_called_normal() -> None:
    assert explain.ending(ended("quit")) == "Closed normally (QUIT)."
    words = explain.ending(ended("quit", worst_code=501))
    assert words == "The client then closed the connection properly (QUIT)."


def test_ending_refused_later_points_to_the_reply() -> None:
    words = explain.ending(ended("refused", last_verb="MAIL"))
    assert words == "Mailsink closed the connection: its last reply says why."


def test_ending_cut_off_says_that_nothing_was_stored() -> None:
    words = explain.ending(
        ended("dropped", last_verb="DATA"), explain.Facts(body_octets=14203)
    )
    assert words == (
        "Disconnected mid-message (14,203 bytes). The message was not stored."
    )


def test_line_folds_a_long_reply_only() -> None:
    line = explain.line(an_exchange(verb="EHLO", reply="250-a\n250-B\n250 C", code=250))
    assert (line.reply, line.whole_reply[:5]) == ("250 2 extensions", "250-a")
    line = explain.line(an_exchange(reply="250 Ok", code=250))
    assert (line.reply, line.whole_reply, line.tone) == ("250 Ok", "", "ok")


def test_line_tells_the_verb_from_the_rest() -> None:
    line = explain.line(an_exchange(verb="MAIL", line="mail FROM:<a@b>"))
    assert (line.verb, line.text) == ("mail", "FROM:<a@b>")
    line = explain.line(an_exchange(verb="", line="GET / HTTP/1.1"))
    assert (line.verb, line.text) == ("", "GET / HTTP/1.1")


def test_line_times() -> None:
    line = explain.line(
        an_exchange(ready_us=1_031_600, delayed_us=500_000, rule="slow")
    )
    assert (line.at, line.took) == ("1.0 s", "0.2 ms")
    assert line.slowed == "+500 ms rule “slow”"


def test_line_of_a_body_says_how_far_it_came() -> None:
    body = {"kind": "body", "verb": "", "line": "", "octets": 14203}
    assert explain.line(an_exchange(**body)).remark == "14,203 bytes of message so far"
    cut = an_exchange(**body, flags="aborted_in_data")
    assert explain.line(cut).remark == "14,203 bytes of message, then cut off"
    done = an_exchange(**body, code=250, reply="250 2.0.0 Ok")
    assert explain.line(done).remark == "14,203 bytes of message"


@pytest.mark.parametrize(
    ("line", "octets", "code", "flags", "remark"),
    [
        ("BDAT 1000", 1000, 250, "", "1,000 bytes of message"),
        ("bdat 1 LAST", 1, 250, "", "1 byte of message"),
        ("BDAT 0 LAST", 0, 250, "", "no more bytes"),
        ("BDAT 1000", 400, None, "", "400 of 1,000 bytes so far"),
        (
            "BDAT 1000",
            400,
            None,
            "aborted_in_data",
            "400 of 1,000 bytes, then cut off",
        ),
        ("BDAT 1000", 400, 421, "aborted_in_data", "400 of 1,000 bytes, then cut off"),
        ("BDAT 1000 LAST", 1000, 552, "", "1,000 bytes, refused"),
        ("BDAT 9223372036854775808", 0, 501, "bdat_desync", ""),
        ("BDAT many", 0, 501, "bdat_desync", ""),
        ("BDAT", 0, 501, "bdat_desync", ""),
    ],
)
def test_line_of_a_chunk_says_how_much_was_announced(
    line: str, octets: int, code: int | None, flags: str, remark: str
) -> None:
    chunk = {"kind": "chunk", "verb": "BDAT", "line": line, "octets": octets}
    shown = explain.line(an_exchange(**chunk, code=code, flags=flags))
    assert shown.remark == remark
    assert f"{shown.verb} {shown.text}".strip() == line
    assert shown.is_body


def test_details_of_a_reply_that_could_not_be_written() -> None:
    told = dict(details(an_exchange(reply="250 Ok", code=250, ready_us=1_031_500)))
    assert told["Client waited"] == [
        "the reply could not be sent: the client had disconnected"
    ]
    told = dict(details(an_exchange(reply="250 Ok", code=250, replied_us=1_032_400)))
    assert told["Client waited"] == ["1 ms"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("MAIL FROM:<a@b>", []),
        ("MAIL FROM:<> SIZE=1200", ["SIZE: the message has 1,200 bytes (RFC 1870)."]),
        (
            "MAIL FROM:<a@b> ret=HDRS ENVID=e+2B1",
            [
                "RET: a report of failure is to return the header only (RFC 3461 §4.3).",
                "ENVID: reports are to name this transaction “e+1” (RFC 3461 §4.4).",
            ],
        ),
        (
            "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A+2BC@d",
            [
                "NOTIFY: a report on success and failure is wanted, on nothing else "
                "(RFC 3461 §4.1).",
                "ORCPT: the mail was first addressed to A+C@d (RFC 3461 §4.2).",
            ],
        ),
        (
            "MAIL FROM:<a@b> BY=300;RT",
            [
                "BY: the message is to be returned if it is not delivered within 5:00 min; "
                "each relay is to report (RFC 2852 §4)."
            ],
        ),
        (
            "MAIL FROM:<a@b> BY=-1;n",
            [
                "BY: the sender is to be notified if the message is not delivered by now "
                "(RFC 2852 §4)."
            ],
        ),
        (
            "MAIL FROM:<a@b> HOLDFOR=172800 MT-PRIORITY=-3",
            [
                "HOLDFOR: the message is to be held back for 2 days (RFC 4865).",
                "MT-PRIORITY: a priority below the usual one, from -9 to 9 (RFC 6710).",
            ],
        ),
        ('MAIL FROM:<"a RET=FULL "@b>', []),
        (
            'MAIL FROM:<"a RET=FULL "@b> AUTH=<> SMTPUTF8',
            [
                "AUTH: the client does not say who submitted the message (RFC 4954 §5).",
                "SMTPUTF8: addresses and header may be beyond ASCII (RFC 6531).",
            ],
        ),
        ("MAIL FROM:<a@b> RET=X BY=1 NOTIFY=A,B ENVID=+ SIZE=x FOO=1 BODY=9 =", []),
    ],
)
def test_what_parameters_ask_for(line: str, words: list[str]) -> None:
    told = dict(details(an_exchange(verb=line[:4], line=line)))
    assert told.get("Asks for", []) == words


def test_every_parameter_has_words() -> None:
    for verb, known in PARAMETERS.items():
        for keyword, parameter in known.items():
            value = EXAMPLES.get(keyword, parameter.syntax.partition("=")[2])
            line = f"{verb} X:<a@b> {keyword}{'=' if value else ''}{value}"
            (sentence,) = asked(line)
            assert sentence.startswith(f"{keyword}: ")
            assert sentence.endswith((").", "."))


EXAMPLES = {
    "SIZE": "1",
    "BODY": "BINARYMIME",
    "AUTH": "a+2Bb@c",
    "RET": "FULL",
    "BY": "1;N",
    "MT-PRIORITY": "0",
    "HOLDFOR": "1",
    "NOTIFY": "NEVER",
    "ORCPT": "utf-8;é@b",
}


@given(st.text(max_size=40))
def test_no_line_breaks_the_words(text: str) -> None:
    keywords = (*PARAMETERS["MAIL"], *PARAMETERS["RCPT"])
    asked(" ".join(f"{keyword}={text}" for keyword in keywords))


def test_parameters_with_bad_values_ask_for_nothing() -> None:
    line = "MAIL FROM:<a@b> HOLDFOR=-1"
    assert "Asks for" not in dict(
        details(an_exchange(verb="MAIL", line=line, code=501))
    )


def test_a_code_may_mean_something_else_to_etrn() -> None:
    told = dict(details(an_exchange(verb="ETRN", line="ETRN a.b", code=251)))
    assert "no messages are waiting" in told["Means"][0]
    told = dict(details(an_exchange(verb="RCPT", line="RCPT TO:<a@b>", code=251)))
    assert "forward" in told["Means"][0]


@pytest.mark.parametrize(
    ("reply", "challenge"),
    [
        ("334 VXNlcm5hbWU6", ["Username:"]),
        ("334 /w==", ["\\xff"]),
        ("334 ", None),
        ("334 ********", None),
    ],
)
def test_details_of_a_challenge(reply: str, challenge: list[str] | None) -> None:
    told = dict(details(an_exchange(reply=reply, code=334)))
    assert told.get("Challenge") == challenge


def test_line_leaves_out_the_link_to_itself() -> None:
    refused = an_exchange(code=550, reply="550 5.1.1 No (why: http://h/s/06h0-5)")
    assert explain.line(refused).reply == "550 5.1.1 No"


def test_peer_names_an_address_once() -> None:
    for helo in ("", "[10.0.0.1]"):
        assert peer(a_session(helo=helo)) == "10.0.0.1"
    assert peer(a_session(client_address="::1", helo="[IPv6:::1]")) == "::1"
    assert peer(a_session(helo="app.test")) == "app.test"


def test_a_redacted_line_says_why() -> None:
    exchange = an_exchange(kind="command", verb="", line="********", code=500)
    assert explain.line(exchange).remark == "redacted: it may contain a password"
