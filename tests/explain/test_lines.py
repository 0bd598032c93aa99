"""What a line of a transcript shows, and what its flags, codes and details say."""

from __future__ import annotations

import pytest

from inbox import explain
from inbox.explain.lines import details
from mailsink.smtp.protocol.events import FLAGS
from tests.explain.rows import an_exchange


def test_every_flag_has_its_words() -> None:
    assert explain.FLAG_WORDS.keys() == FLAGS
    for words in explain.FLAG_WORDS.values():
        assert words.sentence.endswith((".", ")."))


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
    assert explain.meaning(999) == ["999 is not a code of SMTP."]
    assert explain.meaning(250, "2.9.9") == explain.meaning(250)


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


def test_a_redacted_line_says_why() -> None:
    exchange = an_exchange(kind="command", verb="", line="********", code=500)
    assert explain.line(exchange).remark == "redacted: it may contain a password"


def test_a_reversed_session_says_where_mailsink_becomes_the_client() -> None:
    turned = an_exchange(kind="connect", direction="out", seq=5)
    words = "roles reversed: Mailsink is the client from here on"
    assert explain.line(turned).remark == words
    first = an_exchange(kind="connect", direction="out", seq=1, line="")
    assert explain.line(first).remark == "connected"
