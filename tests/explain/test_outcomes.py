"""What came of a session, in words: its outcome, its cause and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from inbox import explain
from inbox.capture.rows import SessionRow
from inbox.explain.causes import RefusalPlace, deciding
from inbox.explain.outcomes import NOTHING_MORE, peer
from mailsink.smtp.protocol import replies
from tests.explain.rows import a_session, ended, refused


@dataclass
class Case:
    words: str
    session: SessionRow
    facts: explain.Facts = NOTHING_MORE


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
        Case("Roles reversed", ended("turned")),
        Case("Roles reversed, nothing sent", ended("turned"), explain.Facts(sent=0)),
        Case(
            "Sent 2 messages (ATRN)",
            ended("turned", last_verb="ATRN"),
            explain.Facts(sent=2),
        ),
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


def test_the_ending_of_reversed_roles_counts_what_was_sent() -> None:
    words = explain.ending(ended("turned"), explain.Facts(sent=1))
    assert words == "The roles were reversed: Mailsink sent 1 message, then closed."
    for sent in (None, 0):
        words = explain.ending(ended("turned"), explain.Facts(sent=sent))
        assert words == "The roles were reversed, then Mailsink closed the connection."


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


def test_peer_names_an_address_once() -> None:
    for helo in ("", "[10.0.0.1]"):
        assert peer(a_session(helo=helo)) == "10.0.0.1"
    assert peer(a_session(client_address="::1", helo="[IPv6:::1]")) == "::1"
    assert peer(a_session(helo="app.test")) == "app.test"
