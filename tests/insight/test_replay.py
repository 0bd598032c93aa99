"""What a client said must not become code in the snippets that replay it."""

from __future__ import annotations

import ast
import shlex
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.errors import NotFound
from inbox.insight.replay import ReplayBody, ReplaySource, of, python, swaks
from inbox.insight.replay.source import octets
from inbox.mailbox.scope import ALL
from inbox.models import Exchange, Session
from mailsink.text import readable

TRANSACTION = UUID(int=7)
HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["'; id; '", "$(id)", "`id`", "-oops", "@/etc/passwd", "a\\", '"""', "\\x27", "a,b"]
)


def a_source(lines: list[tuple[str, str]], **fields: object) -> ReplaySource:
    session = Session(id=uuid4(), listener="127.0.0.1:1025", **fields)
    told = [
        Exchange(
            session=session, seq=number, kind="command", verb=verb, line=line,
            octets=9, received_us=0, code=250, enhanced="2.0.0", reply="250 2.0.0 Ok",
            transaction_id=TRANSACTION,
        )
        for number, (verb, line) in enumerate(lines, 1)
    ]  # fmt: skip
    told.append(
        Exchange(session=session, seq=99, kind="body", octets=5, received_us=0,
                 code=250, reply="250 Ok", transaction_id=TRANSACTION)
    )  # fmt: skip
    body = ReplayBody("http://localhost:8025/api/v3/transactions/7/raw", 5000, None)
    return ReplaySource(session, told, {TRANSACTION: body}, cut=False)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_breaks_out_of_its_quotes(
    helo: str, sender: str, recipient: str, user: str
) -> None:
    lines = [
        ("EHLO", f"EHLO {helo}"),
        ("MAIL", f"MAIL FROM:<{sender}>"),
        ("RCPT", f"RCPT TO:<{recipient}>"),
    ]
    said = [(verb, readable(line.encode("utf-8", "replace"))) for verb, line in lines]
    said.insert(1, ("AUTH", "AUTH PLAIN ********"))
    source = a_source(said, auth_username=user, tls_sni=helo)
    command, _ = swaks.command(source)
    assert holds_no_code(command)
    script, _ = python.script(source)
    assert calls(script) <= CALLS
    compile(script, "replay", "exec")


PIPE = (
    "curl -s http://localhost:8025/api/v3/transactions/7/raw | "
    r"""perl -0777 -e '$_ = <>; s/(^|\r\n)\./$1../g; """
    r"""print $_, /\r\n\z/ ? "." : "\r\n."' | """
)
OPTIONS = {
    "--server": 1, "--ehlo": 1, "--auth": 1, "--auth-user": 1, "--auth-password": 1,
    "--from": 1, "--to": 1, "--data": 1, "--no-data-fixup": 0,
}  # fmt: skip


def holds_no_code(command: str) -> bool:
    """Whether the shell sees swaks with these options and one word for each value."""
    assert command.startswith(PIPE)
    program, *words = shlex.split(command.removeprefix(PIPE))
    # Quoted for a shell it is the same again: no operator stands between the words.
    assert shlex.join([program, *words]).replace("'<>'", "<>") == command.removeprefix(
        PIPE
    ).replace("'<>'", "<>")
    while words:
        option = words.pop(0)
        for _ in range(OPTIONS[option]):
            assert not words.pop(0).startswith(("-x", "--", "@"))
    return program == "swaks"


CALLS = {
    "smtplib.SMTP", "smtp.set_debuglevel", "smtp.docmd", "smtp.send", "smtp.getreply",
    "smtp.close", "urllib.request.urlopen", "b64", "base64.b64encode",
}  # fmt: skip


def calls(script: str) -> set[str]:
    """Return which functions of modules a script calls, methods of values aside."""
    names = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(script))
        if isinstance(node, ast.Call)
    }
    return {name for name in names if not name.startswith(("body1", "text", "(b", "url"))
            and not name.startswith("base64.b64encode(")}  # fmt: skip


@given(st.binary(max_size=60))
def test_octets_can_be_told_again_from_the_line(line: bytes) -> None:
    assert octets(readable(line)) == line


def test_lines_that_came_in_one_go_go_in_one_go() -> None:
    source = a_source([("MAIL", "MAIL FROM:<a@b>"), ("RCPT", "RCPT TO:<c@d>")])
    source.exchanges[1].flags = "pipelined"
    script, _ = python.script(source)
    assert r"smtp.send(b'MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n')" in script


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (("AUTH", "AUTH SCRAM-SHA-256"), "AUTH SCRAM-SHA-256 is left out"),
        (("XCLIENT", "XCLIENT ADDR=10.0.0.1"), "XCLIENT is left out"),
    ],
)
def test_what_cannot_be_made_again_is_noted(line: tuple[str, str], note: str) -> None:
    source = a_source([("EHLO", "EHLO a"), line])
    source.exchanges[1].code, source.exchanges[1].kind = 334, "auth"
    script, notes = python.script(source)
    assert any(each.startswith(note) for each in notes)
    assert "XCLIENT" not in script
    assert "SCRAM" not in script


def test_what_swaks_cannot_say_is_noted() -> None:
    source = a_source(
        [("MAIL", "MAIL FROM:<-a@b> SIZE=9"), ("RCPT", 'RCPT TO:<"a,b"@c>'),
         ("MAIL", "MAIL FROM:<second@b>")]
    )  # fmt: skip
    command, notes = swaks.command(source)
    assert "--from '<>'" in command
    assert notes == [
        "only the first transaction is sent: swaks sends one",
        "the sender is left out: swaks cannot send it",
        "parameters of MAIL are left out: swaks has none",
        "a recipient is left out: swaks cannot send it",
    ]


def test_dots_are_doubled_after_crlf_only() -> None:
    script, _ = python.script(a_source([("EHLO", "EHLO a")]))
    assert r'.replace(b"\r\n.", b"\r\n..")' in script


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        (ReplayBody("u", 4, b"a\n.\n"), ["DATA ends a message with CRLF: one is added where it has none"]),
        (ReplayBody("u", 3, b"a\r\n", chunked=True), []),
        (ReplayBody("u", 0, b""), ["the message is empty: swaks can only send one empty line"]),
        (ReplayBody("u", 5000, None), []),
        (ReplayBody("u", 5000, None, chunked=True), ["DATA ends a message with CRLF: one is added where it has none"]),
        (
            ReplayBody("u", 5000, None, complete=False),
            ["the message was cut off: swaks sends what is stored, and ends it",
             "DATA ends a message with CRLF: one is added where it has none"],
        ),
    ],
)  # fmt: skip
def test_what_swaks_does_to_the_end_of_a_message_is_noted(
    body: ReplayBody, notes: list[str]
) -> None:
    source = a_source([("MAIL", "MAIL FROM:<a@b>")])
    source = replace(source, bodies={TRANSACTION: body})
    assert swaks.command(source)[1] == notes


@pytest.mark.django_db
def test_session_unknown() -> None:
    with pytest.raises(NotFound):
        of(ALL, str(uuid4()), "http://localhost/")
