"""What the pages say of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import explain
from inbox.capture.rows import ExchangeRow, SessionRow
from inbox.explain.envelope_parameters import asked
from inbox.explain.lines import details
from inbox.explain.outcomes import NOTHING_MORE
from inbox.explain.quantities import counted, duration, stopwatch
from mailsink.smtp.commands.parameters import PARAMETERS
from mailsink.smtp.protocol.events import FLAGS

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
        (0, "0.0 ms"),
        (240, "0.2 ms"),
        (9_949, "9.9 ms"),
        (9_950, "10 ms"),
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


@pytest.mark.parametrize(
    "case",
    [
        Case("connected, has said nothing yet", a_session()),
        Case("waiting after MAIL", a_session(last_verb="MAIL")),
        Case(
            "sending a message, 1 byte so far",
            a_session(last_verb="DATA"),
            explain.Facts(body_octets=1),
        ),
        Case("1 message", ended("quit", messages=1)),
        Case(
            "the recipient refused (550)",
            ended("quit"),
            explain.Facts(1, recipients_refused=1, recipient_code=550),
        ),
        Case(
            "all 3 recipients refused (550)",
            ended("quit"),
            explain.Facts(3, recipients_refused=3, recipient_code=550),
        ),
        Case(
            "2 messages · 2 of 4 recipients refused (452) · dropped after RSET",
            ended("dropped", messages=2, last_verb="RSET"),
            explain.Facts(4, recipients_refused=2, recipient_code=452),
        ),
        Case("refused at connect (421)", ended("refused", worst_code=421)),
        Case(
            "3 messages · closed by us after MAIL",
            ended("refused", messages=3, last_verb="MAIL", worst_code=550),
        ),
        Case("TLS failed", ended("tls_failed")),
        Case(
            "TLS failed: the certificate is not trusted",
            ended("tls_failed"),
            explain.Facts(flags=frozenset({"tls_untrusted"})),
        ),
        Case(
            "left when it saw the certificate",
            ended("dropped"),
            explain.Facts(flags=frozenset({"left_at_certificate"})),
        ),
        Case("closed by our shutdown after EHLO", ended("shutdown", last_verb="EHLO")),
        Case(
            "HTTP on the SMTP port",
            ended("error"),
            explain.Facts(flags=frozenset({"http_on_smtp"})),
        ),
        Case(
            "no PROXY header",
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


@pytest.mark.parametrize(
    "ending",
    "quit dropped timeout shutdown refused tls_failed turned error crashed".split(),
)
def test_every_ending_has_a_sentence(ending: str) -> None:
    assert explain.ending(ended(ending)).endswith(".")
    assert explain.outcome(ended(ending, last_verb="NOOP"))


def test_ending_refused_later_points_to_the_reply() -> None:
    words = explain.ending(ended("refused", last_verb="MAIL"))
    assert words == (
        "Mailsink closed the connection after MAIL: its last reply says why."
    )


def test_ending_cut_off_says_that_nothing_was_accepted() -> None:
    words = explain.ending(
        ended("dropped", last_verb="DATA"), explain.Facts(body_octets=14203)
    )
    assert (
        "in the middle of a message, after 14,203 bytes; it was not accepted" in words
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
    assert (line.at, line.took) == ("1,031", "0.2 ms")
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
    assert told["Client waited"] == ["the reply could not be written: it had left"]
    told = dict(details(an_exchange(reply="250 Ok", code=250, replied_us=1_032_400)))
    assert told["Client waited"] == ["1.0 ms"]


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


def test_cures_only_for_what_cannot_work_at_all() -> None:
    assert explain.fixes({"pipelined", "auth_plaintext"}) == []
    (fix,) = explain.fixes({"tls_on_plain"})
    assert "secure: false" in fix.fix


def test_line_leaves_out_the_link_to_itself() -> None:
    refused = an_exchange(code=550, reply="550 5.1.1 No (why: http://h/s/06h0-5)")
    assert explain.line(refused).reply == "550 5.1.1 No"


def test_headline_while_it_goes_on() -> None:
    assert explain.headline(a_session(helo="a.test")) == "a.test → live"
    told = explain.headline(a_session(messages=2))
    assert told == "[10.0.0.1] → 2 messages so far"


def test_a_redacted_line_says_why() -> None:
    exchange = an_exchange(kind="command", verb="", line="********", code=500)
    assert explain.line(exchange).remark == "redacted: it may hold a password"
