"""The client's side: what it says to a next hop, and what it makes of the replies."""

from __future__ import annotations

import base64
import hmac
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.smtp.client.delivery import with_dots_doubled
from mailsink.smtp.client.hop_values import (
    ClientProfile,
    ContentNeeds,
    Login,
    OutgoingRecipient,
    TlsPolicy,
)
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol import events
from tests.smtp import tls_client
from tests.smtp.harness import Session
from tests.smtp.hop import BODY, Client, converse, mail

GREETING = "220 hop.test ESMTP"
LOGIN = Login("user", "secret")


def greeted(client: Client, *keywords: str) -> list[str]:
    """Bring a session to MAIL; return what the client says there."""
    assert client.hear(GREETING) == ["EHLO sink.test"]
    lines = ["hop.test", *keywords]
    last = len(lines) - 1
    return client.hear(
        *(f"250{' ' if n == last else '-'}{x}" for n, x in enumerate(lines))
    )


def test_a_message_goes_out() -> None:
    client = Client(mail())
    assert greeted(client) == ["MAIL FROM:<a@example.com>"]
    assert client.hear("250 2.1.0 Ok") == ["RCPT TO:<b@example.com>"]
    assert client.hear("250 2.1.5 Ok") == ["DATA"]
    assert client.hear("354 Go on") == ["Subject: Hello", "", "..dot", "."]
    assert client.hear("250 2.0.0 Ok: queued as 1") == ["QUIT"]
    [[result]] = client.reports
    assert result == ("delivered", 250, "2.0.0", "250 2.0.0 Ok: queued as 1")
    assert client.ending is None
    client.hear("221 Bye")
    assert client.ending == "quit"


def test_it_is_recorded_as_it_was_said() -> None:
    client = Client(mail())
    greeted(client)
    for reply in ("250 Ok", "250 Ok", "354 Go", "250 Ok", "221 Bye"):
        client.hear(reply)
    opened = [e for e in client.events if isinstance(e, events.ExchangeOpened)]
    replied = {e.seq: e for e in client.events if isinstance(e, events.ExchangeReplied)}
    assert {each.direction for each in opened} == {"out"}
    last = {each.seq: each for each in opened}
    assert [(e.kind, e.verb, e.line, replied[n].code) for n, e in last.items()] == [
        ("connect", "", "", 220),
        ("command", "EHLO", "EHLO sink.test", 250),
        ("command", "MAIL", "MAIL FROM:<a@example.com>", 250),
        ("command", "RCPT", "RCPT TO:<b@example.com>", 250),
        ("command", "DATA", "DATA", 354),
        ("body", "", "", 250),
        ("command", "QUIT", "QUIT", 221),
    ]
    assert last[6].octets == len(BODY) + 1 + 3  # a doubled dot, and the end
    assert client.facts() == {"helo": "sink.test", "protocol": "ESMTP", "messages": 1}


def test_helo_where_the_server_knows_no_ehlo() -> None:
    client = Client(mail())
    client.hear(GREETING)
    assert client.hear("500 What?") == ["HELO sink.test"]
    assert client.hear("250 hop.test") == ["MAIL FROM:<a@example.com>"]
    assert client.facts()["protocol"] == "SMTP"


def test_pipelining_saves_round_trips() -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    assert greeted(client, "PIPELINING") == [
        "MAIL FROM:<a@example.com>",
        "RCPT TO:<b@x.test>",
        "RCPT TO:<c@x.test>",
    ]
    assert client.hear("250 Ok", "250 Ok") == []
    assert client.hear("250 Ok") == ["DATA"]


def test_refused_mail_answers_for_all_recipients() -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    greeted(client, "PIPELINING")
    assert client.hear("451 4.3.0 Later", "503 Bad", "503 Bad") == ["RSET"]
    assert (
        {(r.state, r.code) for r in client.reports[-1]} == {("deferred", 451)}
        if (client.reports)
        else True
    )
    assert client.hear("250 Ok") == ["QUIT"]
    assert client.states == ["deferred", "deferred"]
    assert [each.code for each in client.reports[-1]] == [451, 451]


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_recipient_has_its_own_result(pipelining: bool) -> None:
    client = Client(mail("b@x.test", "c@x.test", "d@x.test", "e@x.test"))
    greeted(client, *(["PIPELINING"] if pipelining else []))
    client.hear("250 Ok")
    replies = ("550 5.1.1 No", "250 Ok", "450 4.2.1 Later", "552 5.5.3 Too many")
    said = [line for reply in replies for line in client.hear(reply)]
    assert said[-1] == "DATA"
    client.hear("354 Go")
    client.hear("250 Ok")
    assert client.states == ["failed", "delivered", "deferred", "deferred"]
    assert [each.code for each in client.reports[-1]] == [550, 250, 450, 552]


def test_no_message_is_sent_for_nobody() -> None:
    client = Client(mail())
    greeted(client)
    client.hear("250 Ok")
    assert client.hear("550 5.1.1 No") == ["RSET"]
    client.hear("250 Ok")
    assert client.states == ["failed"]


def test_several_messages_in_a_session() -> None:
    client = Client(mail(), mail("c@example.com"))
    greeted(client)
    for reply in ("250 Ok", "250 Ok", "354 Go"):
        client.hear(reply)
    assert client.hear("554 5.7.1 Spam") == ["RSET"]
    assert client.hear("250 Ok") == ["MAIL FROM:<a@example.com>"]
    for reply in ("250 Ok", "250 Ok", "354 Go"):
        client.hear(reply)
    assert client.hear("250 Ok") == ["QUIT"]
    assert [each[0].state for each in client.reports] == ["failed", "delivered"]


@pytest.mark.parametrize(
    ("greeting", "state", "ending"),
    [
        ("554 5.3.2 No mail here", "failed", "refused"),
        ("450 4.3.2 Later", "deferred", "refused"),
        ("421 4.3.2 Busy", "deferred", "refused"),
        ("250 Hello", "failed", "refused"),
        ("HTTP/1.1 400 Bad Request", "deferred", "error"),
        ("220-a\r\n250 b", "deferred", "error"),
    ],
)
def test_a_greeting_that_is_none(greeting: str, state: str, ending: str) -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    assert client.hear(greeting) == []
    assert client.states == [state, state]
    assert client.ending == ending


def test_a_server_that_greets_and_then_hangs() -> None:
    client = Client(mail(), profile=ClientProfile("sink.test", patience=0.1))
    client.hear(GREETING)
    client.wait(29.9)
    assert client.ending is None
    client.wait(0.2)
    assert client.ending == "timeout"
    assert client.reports[-1][0].text == "No reply came within 30 seconds."
    assert client.states == ["deferred"]


@pytest.mark.parametrize(
    "replies",
    [
        ("354 Go",),  # to MAIL
        ("250 Ok", "354 Go"),  # to RCPT
        ("250 Ok", "250 Ok", "250 Ok"),  # to DATA
        ("250 Ok", "250 Ok", "354 Go", "354 Go"),  # to the message
    ],
)
def test_a_server_out_of_step_has_taken_nothing(replies: tuple[str, ...]) -> None:
    client = Client(mail(), mail())
    greeted(client)
    for reply in replies:
        client.hear(reply)
    assert (client.states, client.ending) == (["deferred"], "error")
    assert replies[-1] in client.reports[-1][0].text
    assert len(client.reports) == 1


@pytest.mark.parametrize("code", ["451", "554"])
def test_a_refused_data_is_reset(code: str) -> None:
    client = Client(mail(), mail())
    greeted(client)
    client.hear("250 Ok")
    client.hear("250 Ok")
    assert client.hear(f"{code} No") == ["RSET"]
    assert client.hear("250 Ok") == ["MAIL FROM:<a@example.com>"]
    assert client.hear("503 Nested MAIL") == ["RSET"]
    client.hear("250 Ok")
    assert [each[0].state for each in client.reports][1] == "deferred"


def test_a_server_that_takes_no_more_of_a_message() -> None:
    client = Client(mail(), profile=ClientProfile("sink.test", patience=0.1))
    greeted(client)
    client.hear("250 Ok")
    client.hear("250 Ok")
    client.dialogue.output_blocked = True
    client.hear("354 Go")
    client.wait(17)
    assert client.ending is None
    client.wait(1.1)
    assert (client.states, client.ending) == (["deferred"], "timeout")
    assert client.reports[-1][0].text == "The server took nothing for 18 seconds."


def test_a_message_that_cannot_be_read() -> None:
    def gone() -> Iterator[bytes]:
        raise FileNotFoundError(2, "No such file or directory")

    client = Client(replace(mail(), pieces=gone))
    greeted(client)
    for reply in ("250 Ok", "250 Ok", "354 Go"):
        client.hear(reply)
    assert client.states == ["deferred"]
    assert "No such file" in client.reports[-1][0].text


class TestLostConnection:
    """Whether a message arrived is in doubt only from its end until the reply to it."""

    REPLIES = ("250 Ok", "250 Ok", "354 Go")

    @pytest.mark.parametrize("replies", range(3))
    def test_before_the_message(self, replies: int) -> None:
        client = Client(mail())
        greeted(client)
        for reply in self.REPLIES[:replies]:
            client.hear(reply)
        client.lose()
        assert client.doubtful == []
        assert client.reports[-1][0].text == "The server closed the connection."
        assert client.states == ["deferred"]
        assert client.ending == "dropped"

    @pytest.mark.parametrize("keywords", [(), ("CHUNKING",)])
    def test_after_the_message(self, keywords: tuple[str, ...]) -> None:
        client = Client(mail())
        greeted(client, *keywords)
        for reply in self.REPLIES[: 2 if keywords else 3]:
            client.hear(reply)
        assert len(client.doubtful) == 1
        client.lose()
        assert client.states == ["deferred"]
        assert "it may have arrived" in client.reports[-1][0].text

    def test_a_refusal_at_the_end_is_no_doubt(self) -> None:
        client = Client(mail())
        greeted(client)
        for reply in (*self.REPLIES, "421 4.3.0 Out of memory"):
            client.hear(reply)
        assert client.reports[-1][0].text == "421 4.3.0 Out of memory"
        assert client.ending == "refused"

    def test_the_reason_is_read_in_the_middle_of_a_message(self) -> None:
        client = Client(mail(piece=3))
        greeted(client)
        client.hear("250 Ok")
        client.hear("250 Ok")
        client.dialogue.output_blocked = True
        client.hear("354 Go")
        assert client.reports == []
        client.receive(b"552 5.3.4 Too large\r\n")
        client.lose()
        assert client.states == ["failed"]
        assert client.reports[-1][0].text == "552 5.3.4 Too large"

    def test_what_was_refused_before_stays_refused(self) -> None:
        client = Client(mail("b@x.test", "c@x.test"))
        greeted(client)
        client.hear("250 Ok")
        client.hear("550 5.1.1 No")
        client.lose()
        assert client.states == ["failed", "deferred"]

    def test_the_end_of_the_message_waits_until_it_is_remembered(self) -> None:
        client = Client(mail())
        greeted(client)
        for reply in self.REPLIES[:2]:
            client.hear(reply)
        sent = client.hear(self.REPLIES[2])
        assert client.doubtful == [len("\r\n".join(sent)) - 1]  # all but the dot

    def test_the_reply_to_a_whole_message_is_waited_for_at_a_stop(self) -> None:
        client = Client(mail())
        greeted(client)
        for reply in self.REPLIES:
            client.hear(reply)
        client.stop()
        assert client.ending is None
        client.hear("250 2.0.0 Taken")
        assert client.states == ["delivered"]
        assert client.ending == "shutdown"

    def test_but_not_for_long(self) -> None:
        client = Client(mail())
        greeted(client)
        for reply in self.REPLIES:
            client.hear(reply)
        client.stop()
        client.wait(3.9)
        assert client.ending is None
        client.wait(0.2)
        assert client.ending == "shutdown"
        assert "it may have arrived" in client.reports[-1][0].text

    def test_stopped(self) -> None:
        client = Client(mail())
        greeted(client)
        client.stop()
        assert client.ending == "shutdown"
        assert client.states == ["deferred"]


class TestChunking:
    def test_the_message_as_it_is(self) -> None:
        body = b"Subject: x\r\n\r\n.\n\0bare\rand no end"
        needs = ContentNeeds(binary=True)
        client = Client(mail(body=body, needs=needs))
        [line] = greeted(client, "CHUNKING", "BINARYMIME", "SIZE 1000")
        assert line == f"MAIL FROM:<a@example.com> SIZE={len(body)} BODY=BINARYMIME"
        client.hear("250 Ok")
        client.receive(b"250 Ok\r\n")
        assert client.writes[-1] == f"BDAT {len(body)} LAST\r\n".encode() + body
        client.hear("250 Ok")
        assert client.states == ["delivered"]

    def test_in_pieces(self) -> None:
        body = bytes(range(256)) * 4096
        client = Client(mail(body=body, piece=100_000))
        greeted(client, "CHUNKING")
        client.hear("250 Ok")
        client.dialogue.receive(b"250 Ok\r\n")
        client.wait(0)
        sent, octets = b"", client.take()
        while octets:
            line, _, chunk = octets.partition(b"\r\n")
            sent += chunk
            verb, size, *last = line.decode().split()
            assert (verb, int(size)) == ("BDAT", len(chunk))
            if last:
                break
            client.dialogue.receive(b"250 Ok\r\n")
            client.wait(0)
            octets = client.take()
        assert sent == body
        assert client.doubtful == [0]

    def test_a_refused_chunk_ends_the_message(self) -> None:
        client = Client(mail(body=b"x" * 600_000, piece=1000))
        greeted(client, "CHUNKING")
        client.hear("250 Ok")
        client.hear("250 Ok")
        assert client.hear("552 5.3.4 Too large") == ["RSET"]
        client.hear("250 Ok")
        assert client.states == ["failed"]
        assert client.doubtful == []


@pytest.mark.parametrize(
    ("needs", "more", "enhanced"),
    [
        (ContentNeeds(eightbit=True), {}, "5.6.3"),
        (ContentNeeds(utf8=True), {}, "5.6.7"),
        (ContentNeeds(binary=True), {}, "5.6.1"),
        (ContentNeeds(), {"require_tls": True}, "5.7.30"),
        (ContentNeeds(), {"body": b"x" * 101}, "5.3.4"),
    ],
)
def test_nothing_is_mangled_for_a_server_that_cannot(
    needs: ContentNeeds, more: dict[str, object], enhanced: str
) -> None:
    client = Client(mail(needs=needs, **more), mail())  # type: ignore[arg-type]
    assert greeted(client, "SIZE 100") == [
        f"MAIL FROM:<a@example.com> SIZE={len(BODY)}"
    ]
    assert client.states == ["failed"]
    assert client.reports[0][0].enhanced == enhanced
    assert client.reports[0][0].text in client.lines()


def test_parameters_where_they_are_offered() -> None:
    to = OutgoingRecipient("b@x.test", "SUCCESS,FAILURE", "rfc822;b@x.test")
    message = mail(
        needs=ContentNeeds(eightbit=True, utf8=True),
        recipients=(to,), ret="HDRS", envid="e1",
    )  # fmt: skip
    client = Client(message)
    assert greeted(client, "8BITMIME", "SMTPUTF8", "DSN") == [
        "MAIL FROM:<a@example.com> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=e1"
    ]
    assert client.hear("250 Ok") == [
        "RCPT TO:<b@x.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@x.test"
    ]
    assert greeted(Client(mail(recipients=(to,), envid="e1"))) == [
        "MAIL FROM:<a@example.com>"
    ]


def test_more_recipients_than_the_server_takes() -> None:
    client = Client(mail("b@x.test", "c@x.test", "d@x.test"))
    greeted(client, "LIMITS RCPTMAX=2")
    for reply in ("250 Ok", "250 Ok", "250 Ok", "354 Go"):
        client.hear(reply)
    assert client.hear("250 Ok") == ["MAIL FROM:<a@example.com>"]
    for reply in ("250 Ok", "250 Ok", "354 Go", "250 Ok"):
        client.hear(reply)
    assert client.states == ["delivered"] * 3
    assert [w for w in client.writes if w.startswith(b"MAIL")] == [
        b"MAIL FROM:<a@example.com>\r\n"
    ] * 2


class TestLogin:
    def profile(self, tls: TlsPolicy = "off") -> ClientProfile:
        return ClientProfile("sink.test", tls, login=LOGIN)

    def test_plain(self) -> None:
        client = Client(mail(), profile=self.profile())
        secret = base64.b64encode(b"\0user\0secret").decode()
        assert greeted(client, "AUTH PLAIN LOGIN") == [f"AUTH PLAIN {secret}"]
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]
        assert client.facts() == {
            "helo": "sink.test", "protocol": "ESMTPA",
            "auth_mechanism": "PLAIN", "auth_username": "user",
        }  # fmt: skip
        assert "AUTH PLAIN ********" in client.lines()

    def test_login(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH=LOGIN") == ["AUTH LOGIN"]
        assert client.hear("334 VXNlcm5hbWU6") == [base64.b64encode(b"user").decode()]
        assert client.hear("334 UGFzc3dvcmQ6") == [base64.b64encode(b"secret").decode()]
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]

    def test_cram_md5_goes_first_where_nothing_is_encrypted(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH PLAIN CRAM-MD5") == ["AUTH CRAM-MD5"]
        [answer] = client.hear(f"334 {base64.b64encode(b'<1@x>').decode()}")
        digest = hmac.new(b"secret", b"<1@x>", "md5").hexdigest()
        assert base64.b64decode(answer).decode() == f"user {digest}"
        assert client.hear("235 Ok") == ["MAIL FROM:<a@example.com>"]

    def test_a_bad_challenge_is_cancelled(self) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, "AUTH CRAM-MD5")
        assert client.hear("334 !") == ["*"]
        client.hear("501 Cancelled")
        assert client.states == ["deferred"]

    @pytest.mark.parametrize("keyword", ["AUTH PLAIN", "AUTH LOGIN", "AUTH CRAM-MD5"])
    def test_the_password_is_nowhere(self, keyword: str) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, keyword)
        client.hear("334 PDFAeD4=")
        client.hear("334 PDFAeD4=")
        client.hear("535 5.7.8 Bad")
        sent = [w.decode().strip().split()[-1] for w in client.writes[1:]]
        secrets = [each for each in sent if each not in ("LOGIN", "CRAM-MD5")]
        recorded = repr(client.events)
        assert secrets
        assert not [each for each in (*secrets, "secret") if each in recorded]

    def test_a_refused_login_is_tried_again_later(self) -> None:
        client = Client(mail(), profile=self.profile())
        greeted(client, "AUTH PLAIN")
        assert client.hear("535 5.7.8 Bad") == []
        assert (client.states, client.ending) == (["deferred"], "refused")
        assert client.reports[0][0].code == 535

    def test_no_way_to_log_in(self) -> None:
        client = Client(mail(), profile=self.profile())
        assert greeted(client, "AUTH XOAUTH2") == []
        assert "the server offers XOAUTH2" in client.reports[0][0].text

    def test_it_is_not_sent_in_plain_text_by_accident(self) -> None:
        client = Client(mail(), profile=self.profile("opportunistic"))
        assert greeted(client, "AUTH PLAIN") == []
        assert "the password was not sent" in client.reports[0][0].text


class TestTls:
    def profile(self, tls: TlsPolicy, context: object = None) -> ClientProfile:
        return ClientProfile(
            "sink.test", tls, context or tls_client.trusting(), tls_client.NAME  # type: ignore[arg-type]
        )  # fmt: skip

    def server(self, **more: object) -> Session:
        return Session(Profile(hostname="mx.test", tls=tls_client.server(), **more))  # type: ignore[arg-type]

    @pytest.mark.parametrize("tls", ["opportunistic", "required"])
    def test_starttls(self, tls: TlsPolicy) -> None:
        client, server = Client(mail(), profile=self.profile(tls)), self.server()
        converse(client, server)
        assert client.states == ["delivered"]
        assert client.ending == "quit"
        assert client.facts()["tls_version"] == "TLSv1.3"
        assert client.facts()["protocol"] == "ESMTPS"
        assert any(line.startswith("TLSv1.3 with ") for line in client.lines())
        assert server.arrivals[0].body.content == BODY

    def test_from_the_first_octet(self) -> None:
        client = Client(mail(), profile=self.profile("implicit"))
        converse(client, self.server(implicit_tls=True))
        assert client.states == ["delivered"]

    @pytest.mark.parametrize("tls", ["opportunistic", "required", "implicit"])
    def test_a_certificate_that_is_not_accepted(self, tls: TlsPolicy) -> None:
        client = Client(mail(), profile=self.profile(tls, tls_client.suspicious()))
        converse(client, self.server(implicit_tls=tls == "implicit"))
        assert (client.states, client.ending) == (["deferred"], "tls_failed")
        text = client.reports[0][0].text
        assert text.startswith("The certificate of the server is not accepted: ")
        assert text in client.lines()

    def test_required_and_not_offered(self) -> None:
        client = Client(mail(), profile=self.profile("required"))
        assert greeted(client) == []
        assert (client.states, client.ending) == (["deferred"], "tls_failed")

    def test_replies_before_the_handshake_are_dropped(self) -> None:
        """They may be an attacker's (CVE-2011-0411, on the client's side)."""
        client = Client(mail(), profile=self.profile("required"))
        assert greeted(client, "STARTTLS") == ["STARTTLS"]
        client.dialogue.receive(b"220 Go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
        client.wait(0)
        assert client.take()[:1] == b"\x16"
        assert not client.dialogue.offer.has("AUTH")


@given(st.lists(st.binary(max_size=12)), st.sampled_from([b"", b"\r\n", b"."]))
def test_dots_however_it_is_cut(pieces: list[bytes], end: bytes) -> None:
    whole = b"".join([*pieces, end])
    sent = b"".join(with_dots_doubled([*pieces, end]))
    assert sent == b"" if not whole else sent.endswith(b"\r\n")
    received = (b"\r\n" + sent).replace(b"\r\n..", b"\r\n.")[2:]
    assert received in (whole, whole + b"\r\n")
    assert not whole.endswith(b"\r\n") or received == whole


@given(
    st.lists(st.sampled_from([b".", b"\r\n", b"x", b"..", b"\r\n.", b"\r\n.\r\n"])),
    st.integers(1, 9),
    st.sampled_from(["CHUNKING", ""]),
)
def test_our_own_server_gets_the_same_octets(
    parts: list[bytes], piece: int, hidden: str
) -> None:
    body = b"".join([*parts, b"\r\n"])
    server = Session(Profile(hostname="mx.test", hidden=frozenset({hidden} - {""})))
    client = Client(mail(body=body, piece=piece))
    converse(client, server)
    assert [each.body.content for each in server.arrivals] == [body]
    assert client.states == ["delivered"]


@given(st.lists(st.binary(max_size=40) | st.sampled_from(
    [b"220 x\r\n", b"250 x\r\n", b"250-x\r\n", b"354 x\r\n", b"550 x\r\n", b"\r\n", b"421 x\r\n"]
), max_size=30))  # fmt: skip
def test_any_server_comes_to_an_end(pieces: list[bytes]) -> None:
    client = Client(mail("b@x.test", "c@x.test"))
    for piece in pieces:
        client.dialogue.receive(piece)
        client.wait(0)
    client.lose()
    assert client.ending is not None
    assert [len(each) for each in client.reports] == [2]


@pytest.mark.parametrize(
    "octets",
    [
        b"250" + b"x" * 9000,
        b"".join(b"250-x\r\n" for _ in range(201)),
        b"x" * (1024 * 1024 + 1),
    ],
)
def test_replies_without_end(octets: bytes) -> None:
    client = Client(mail())
    client.receive(octets)
    assert client.ending == "error"
    client.dialogue.receive(octets)  # no more is kept
    assert client.states == ["deferred"]


def test_replies_in_any_pieces() -> None:
    text = b"220-a\r\n220 b\r\n"
    for at in itertools.product([0, 1], repeat=4):
        client = Client(mail())
        cuts = [3 * n + shift for n, shift in enumerate(at)]
        for begin, end in itertools.pairwise([0, *cuts, len(text)]):
            client.receive(text[begin:end])
        assert client.writes == [b"EHLO sink.test\r\n"]
