"""Every command and every way it can be refused, as transcripts."""

from __future__ import annotations

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp.harness import MESSAGE, Session, play

TRANSCRIPTS = {
    "a whole session": f"""
        S: 220 mx.test ESMTP Mailsink
        C: EHLO client.test
        S: 250-mx.test greets client.test
        S: 250-SIZE 52428800
        S: 250-8BITMIME
        S: 250-SMTPUTF8
        S: 250-PIPELINING
        S: 250-ENHANCEDSTATUSCODES
        S: 250-AUTH PLAIN LOGIN
        S: 250 HELP
        C: MAIL FROM:<a@example.com> SIZE=100 BODY=8BITMIME
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<b@example.com>
        S: 250 2.1.5 Recipient ok
        C: DATA
        S: 354 End the message with <CRLF>.<CRLF>
        C: Subject: hello
        C:
        C: ..
        C: .
        S: 250 2.0.0 Ok: queued as {MESSAGE}
        C: QUIT
        S: 221 2.0.0 Bye
    """,
    "HELO": """
        C: HELO client.test
        S: 250 mx.test
        C: MAIL FROM:<a@b> SIZE=1
        S: 555 5.5.4 The parameter SIZE needs EHLO instead of HELO
        C: mail from:<a@b>
        S: 250 2.1.0 Sender ok
        C: HELO again.test
        S: 250 mx.test
        C: RCPT TO:<b@b>
        S: 503 5.5.1 Wrong order: send MAIL first
    """,
    "HELO refused": """
        C: HELO
        S: 501 5.5.4 Syntax: HELO your.host.name
        C: EHLO
        S: 501 5.5.4 Syntax: EHLO your.host.name
        C: EHLO my computer
        S: 501 5.5.4 Bad host name: the domain holds a blank
        C: EHLO [300.1.1.1]
        S: 501 5.5.4 Bad host name: the address literal holds no valid IP address
        C: EHLO [::1]
        S: 501 5.5.4 Bad host name: write an IPv6 address literal as [IPv6:::1]
        C: EHLO [X400:abc]
        S: 504 5.5.4 Bad host name: address literals of the kind X400 are unknown
        C: EHLO m\\xc3\\xbcller
        S: 501 5.5.4 Bad host name: it is not ASCII
        C: EHLO -x
        S: 501 5.5.4 Bad host name: a label of the domain begins or ends with a hyphen
        C: HELO [IPv6:2001:db8::1]
        S: 250 mx.test
        C: HELO [192.0.2.1]
        S: 250 mx.test
        C: HELO docker_host_1
        S: 250 mx.test
    """,
    "MAIL in the wrong order": """
        C: MAIL FROM:<a@b>
        S: 503 5.5.1 Wrong order: send EHLO first
        C: HELO x
        S: 250 mx.test
        C: MAIL FROM:<>
        S: 250 2.1.0 Sender ok
        C: MAIL FROM:<a@b>
        S: 503 5.5.1 Wrong order: a transaction is open; end it by DATA or RSET
        C: RSET
        S: 250 2.0.0 Ok, forgotten
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
    """,
    "MAIL syntax": """
        C: EHLO x
        S: 250-*
        S: 250-*
        S: 250-*
        S: 250-*
        S: 250-*
        S: 250-*
        S: 250-*
        S: 250 HELP
        C: MAIL
        S: 501 5.5.4 Syntax: MAIL FROM:<address>
        C: MAIL TO:<a@b>
        S: 501 5.5.4 Syntax: MAIL FROM:<address>
        C: MAIL FROM:
        S: 501 5.1.7 Bad sender: the address is missing*
        C: MAIL FROM:<
        S: 501 5.1.7 Bad sender: the closing ">" of the address is missing
        C: MAIL FROM:<a b@c>
        S: 501 5.1.7 Bad sender: the local part must be quoted to hold a blank
        C: MAIL FROM:<a..b@c>
        S: 501 5.1.7 Bad sender: the local part has two dots in a row; quote it
        C: MAIL FROM:<a@b>SIZE=1
        S: 501 5.1.7 Bad sender: a blank must follow ">", not "SIZE=1"
        C: MAIL FROM:<a@b> SIZE=x
        S: 501 5.5.4 SIZE takes 1 to 20 digits
        C: MAIL FROM:<a@b> SIZE
        S: 501 5.5.4 SIZE takes 1 to 20 digits
        C: MAIL FROM:<a@b> SIZE=999999999999999999999
        S: 501 5.5.4 SIZE takes 1 to 20 digits
        C: MAIL FROM:<a@b> SIZE=52428801
        S: 552 5.3.4 SIZE=52428801 is over the limit of 52428800 octets
        C: MAIL FROM:<a@b> SIZE=1 size=2
        S: 501 5.5.4 Bad parameter: the parameter SIZE is given twice
        C: MAIL FROM:<a@b> BODY=BINARYMIME
        S: 501 5.5.4 BODY takes 7BIT or 8BITMIME
        C: MAIL FROM:<a@b> BODY
        S: 501 5.5.4 BODY takes 7BIT or 8BITMIME
        C: MAIL FROM:<a@b> SMTPUTF8=1
        S: 501 5.5.4 SMTPUTF8 takes no value
        C: MAIL FROM:<a@b> AUTH=
        S: 501 5.5.4 Bad parameter: "AUTH=" is no parameter of the form KEY=value
        C: MAIL FROM:<a@b> AUTH=a+zz
        S: 501 5.5.4 AUTH takes <> or a mailbox in xtext
        C: MAIL FROM:<a@b> RET=FULL
        S: 555 5.5.4 The parameter RET of MAIL is not known here
        C: MAIL FROM:<a@b> =1
        S: 501 5.5.4 Bad parameter: "=1" is no parameter of the form KEY=value
        C: MAIL FROM:<\\xc3\\xa9@b>
        S: 550 5.6.7 A sender beyond ASCII needs the parameter SMTPUTF8
        C: MAIL FROM:<\\xc3\\xa9@b> SMTPUTF8
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<\\xc3\\xa9@\\xc3\\xa9.test>
        S: 250 2.1.5 Recipient ok
        C: RSET
        S: 250 2.0.0 Ok, forgotten
        C: MAIL FROM:<a@b> AUTH=<> SIZE=5 BODY=7bit
        S: 250 2.1.0 Sender ok
        C: RSET
        S: 250 2.0.0 Ok, forgotten
        C: MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com
        S: 250 2.1.0 Sender ok
    """,
    "RCPT": """
        C: HELO x
        S: 250 mx.test
        C: RCPT TO:<a@b>
        S: 503 5.5.1 Wrong order: send MAIL first
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: RCPT
        S: 501 5.5.4 Syntax: RCPT TO:<address>
        C: RCPT FROM:<a@b>
        S: 501 5.5.4 Syntax: RCPT TO:<address>
        C: RCPT TO:<>
        S: 501 5.1.3 Bad recipient: <> is no recipient
        C: RCPT TO:<a@>
        S: 501 5.1.3 Bad recipient: the domain after the "@" is missing
        C: RCPT TO:<@b>
        S: 501 5.1.3 Bad recipient: the source route before the address is malformed
        C: RCPT TO:<a@b.>
        S: 501 5.1.3 Bad recipient: the domain begins or ends with a dot*
        C: RCPT TO:Joe <joe@b>
        S: 501 5.1.3 Bad recipient: only the address itself goes here*
        C: RCPT TO:<a@b> NOTIFY=NEVER
        S: 555 5.5.4 The parameter NOTIFY needs EHLO instead of HELO
        C: RCPT TO:<\\xc3\\xa9@b>
        S: 553 5.6.7 A recipient beyond ASCII needs SMTPUTF8 given with MAIL
        C: RCPT TO:<@relay.test,@other.test:a@b>
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<Postmaster>
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<"a b>@c"@d>
        S: 250 2.1.5 Recipient ok
        C: RCPT TO:<a@[IPv6:::1]>
        S: 250 2.1.5 Recipient ok
    """,
    "DATA in the wrong order": """
        C: DATA
        S: 503 5.5.1 Wrong order: send MAIL first
        C: HELO x
        S: 250 mx.test
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: DATA
        S: 503 5.5.1 Wrong order: send RCPT first
        C: RCPT TO:<>
        S: 501 5.1.3 *
        C: DATA
        S: 554 5.5.1 No valid recipients
        C: RCPT TO:<a@b>
        S: 250 2.1.5 Recipient ok
        C: DATA now
        S: 501 5.5.4 Syntax: DATA
        C: DATA
        S: 354 *
    """,
    "what may come at any time": """
        C: NOOP
        S: 250 2.0.0 Ok
        C: noop anything at all
        S: 250 2.0.0 Ok
        C: RSET
        S: 250 2.0.0 Ok, forgotten
        C: RSET x
        S: 501 5.5.4 Syntax: RSET
        C: VRFY
        S: 501 5.5.4 Syntax: VRFY user
        C: VRFY joe
        S: 252 2.1.5 Not verified, but mail to it is taken
        C: QUIT now
        S: 501 5.5.4 Syntax: QUIT
        C: QUIT   \\t
        S: 221 2.0.0 Bye
    """,
    "HELP": """
        C: HELP
        S: 214-2.0.0 Commands:
        S: 214-2.0.0 AUTH DATA EHLO HELO HELP MAIL
        S: 214-2.0.0 NOOP QUIT RCPT RSET VRFY
        S: 214 2.0.0 HELP <command> tells more; HELP STATUS too
        C: HELP rcpt
        S: 214-2.0.0 Syntax: RCPT TO:<address>
        S: 214 2.0.0 See RFC 5321 section 4.1.1.3
        C: HELP STATUS
        S: 211 2.0.0 Mailsink is well
        C: HELP me
        S: 504 5.5.4 No help on "ME"; HELP lists the commands
    """,
    "what is not offered": """
        C: BDAT 3 LAST
        S: 502 5.5.1 BDAT is not offered here
        C: expn staff
        S: 502 5.5.1 EXPN is not offered here
        C: ETRN x
        S: 502 5.5.1 ETRN is not offered here
        C: ATRN
        S: 502 5.5.1 ATRN is not offered here
        C: TURN
        S: 502 5.5.1 TURN is not offered here
        C: STARTTLS
        S: 502 5.5.1 STARTTLS is not offered here
        C: SEND FROM:<a@b>
        S: 502 5.5.1 SEND is not offered here
        C: SOML FROM:<a@b>
        S: 502 5.5.1 SOML is not offered here
        C: SAML FROM:<a@b>
        S: 502 5.5.1 SAML is not offered here
        C: LHLO x
        S: 500 5.5.2 There is no command "LHLO"; HELP lists them
    """,
    "what is no command": """
        C:
        S: 500 5.5.2 An empty line is no command
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: FOO
        S: 500 5.5.2 There is no command "FOO"; HELP lists them
        C: \\xff\\xfe
        S: 500 5.5.2 The command is neither ASCII nor UTF-8
        C: NOOP \\0
        S: 501 5.5.2 A NUL octet may not stand in a command
        C: NOOP a\\rQUIT
        S: 501 5.5.2 A control character may not stand in a command; lines end in CRLF
        C: \\xc3\\xbc
        S: 500 5.5.2 There is no command "\\xdc"; HELP lists them
        C: NOOP
        S: 250 2.0.0 Ok
    """,
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_transcript(name: str) -> None:
    play(TRANSCRIPTS[name])


def test_nothing_but_quit_closes() -> None:
    session = play(TRANSCRIPTS["what is no command"])
    assert not session.ended
    assert play(TRANSCRIPTS["a whole session"]).ending == "quit"


def test_size_without_limit() -> None:
    session = Session(Profile(max_message_size=0))
    assert "250-SIZE" in session.send(b"EHLO x\r\n")
    assert session.send(b"MAIL FROM:<a@b> SIZE=99999999999999999999\r\n") == [
        "250 2.1.0 Sender ok"
    ]


def test_hidden_extensions_are_not_there() -> None:
    hidden = frozenset({"SIZE", "AUTH", "ENHANCEDSTATUSCODES", "SMTPUTF8"})
    play(
        """
        C: EHLO x
        S: 250-localhost greets x
        S: 250-8BITMIME
        S: 250-PIPELINING
        S: 250 HELP
        C: AUTH PLAIN
        S: 502 AUTH is not offered here
        C: MAIL FROM:<a@b> SIZE=1
        S: 555 The parameter SIZE of MAIL is not known here
        C: MAIL FROM:<a@b>
        S: 250 Sender ok
        """,
        profile=Profile(hidden=hidden),
    )


def test_too_many_recipients() -> None:
    session = play(
        """
        C: HELO x
        S: 250 localhost
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: RCPT TO:<1@b>
        C: RCPT TO:<2@b>
        C: RCPT TO:<3@b>
        S: 250 2.1.5 Recipient ok
        S: 250 2.1.5 Recipient ok
        S: 452 4.5.3 More than 2 recipients; send the rest anew
        C: DATA
        S: 354 *
        C: .
        S: 250 2.0.0 Ok: queued as *
        """,
        profile=Profile(max_recipients=2),
    )
    assert len(session.arrivals) == 1


LONG = b"NOOP " + b"x" * 12288 + b"\r\n"


@pytest.mark.parametrize("pieces", [1, 7, 12288])
def test_a_line_too_long_is_drained(pieces: int) -> None:
    session = Session()
    session.read()
    size = len(LONG) // pieces + 1
    heard: list[str] = []
    for at in range(0, len(LONG), size):
        heard += session.send(LONG[at : at + size])
    assert heard == ["500 5.5.2 The line is too long"]
    assert session.last.opened.octets == len(LONG)
    assert len(session.last.line) == 12288
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_the_longest_line_is_taken() -> None:
    session = Session()
    session.read()
    assert session.send(b"NOOP " + b"x" * (12288 - 7) + b"\r\n") == ["250 2.0.0 Ok"]
    assert session.send(b"NOOP " + b"x" * (12288 - 6) + b"\r\n") == [
        "500 5.5.2 The line is too long"
    ]


def test_a_bare_lf_ends_a_command_and_is_flagged() -> None:
    session = Session()
    session.read()
    assert session.send(b"NOOP\n") == ["250 2.0.0 Ok"]
    assert session.last.flags == {"bare_lf_command"}


def test_a_bare_lf_is_refused_where_wanted() -> None:
    session = Session(Profile(bare_newlines="reject"))
    session.read()
    assert session.send(b"NOOP\nNOOP\r\n") == [
        "500 5.5.2 The line ended in a bare LF; lines end in CRLF",
        "250 2.0.0 Ok",
    ]


LENIENT = {
    "MAIL FROM: <a@b>": "lenient_path",
    "MAIL FROM:a@b": "lenient_path",
    "MAIL FROM:<a@docker_host>": "underscore_domain",
    "MAIL FROM:<root>": "unqualified_address",
}


@pytest.mark.parametrize("line", LENIENT)
def test_a_little_off_is_taken_and_flagged(line: str) -> None:
    session = Session()
    session.send(b"HELO x\r\n")
    assert session.send(line.encode() + b"\r\n") == ["250 2.1.0 Sender ok"]
    assert session.last.flags == {LENIENT[line]}


@pytest.mark.parametrize("line", LENIENT)
def test_a_little_off_is_refused_by_a_strict_profile(line: str) -> None:
    session = Session(Profile(lenient=False))
    session.send(b"HELO x\r\n")
    (reply,) = session.send(line.encode() + b"\r\n")
    assert reply.startswith("501 5.1.7 Bad sender: ")
