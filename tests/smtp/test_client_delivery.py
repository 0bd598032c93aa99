"""How a client hands messages over, and what it makes of the replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailsink.smtp.client.hop_values import (
    ClientProfile,
    ContentNeeds,
    OutgoingRecipient,
)
from mailsink.smtp.protocol import events
from tests.smtp.hop import BODY, GREETING, Client, greeted, mail


def test_a_message_goes_out() -> None:
    client = Client(mail())
    assert greeted(client) == ["MAIL FROM:<a@example.com>"]
    assert client.hear("250 2.1.0 Ok") == ["RCPT TO:<b@example.com>"]
    assert client.hear("250 2.1.5 Ok") == ["DATA"]
    assert client.hear("354 Go on") == ["Subject: Hello", "", "..dot", "."]
    assert client.hear("250 2.0.0 Ok: queued as 1") == ["QUIT"]
    [[result]] = client.reports
    assert result == ("delivered", 250, "2.0.0", "250 2.0.0 Ok: queued as 1", False)
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


class TestLastLook:
    """Whom mail may go to is looked at when the address is about to be sent."""

    @pytest.mark.parametrize("pipelining", [True, False])
    def test_before_the_envelope(self, pipelining: bool) -> None:
        client = Client(mail("b@x.test", "c@x.test"))
        client.hear(GREETING)
        client.forbidden = {"b@x.test"}
        offer = ("250-hop.test", "250 PIPELINING") if pipelining else ("250 hop.test",)
        said = [*client.hear(*offer), *client.hear("250 Ok")]
        assert [each for each in said if "RCPT" in each] == ["RCPT TO:<c@x.test>"]
        assert client.hear("250 Ok") == ["DATA"]
        client.hear("354 Go")
        client.hear("250 Ok")
        assert client.states == ["failed", "delivered"]
        assert client.reports[-1][0][:4] == ("failed", 0, "5.7.1", "not allowed")

    def test_before_each_recipient(self) -> None:
        client = Client(mail("b@x.test", "c@x.test"))
        greeted(client)
        assert client.hear("250 Ok") == ["RCPT TO:<b@x.test>"]
        client.forbidden = {"c@x.test"}
        assert client.hear("250 Ok") == ["DATA"]
        client.hear("354 Go")
        client.hear("250 Ok")
        assert client.states == ["delivered", "failed"]

    def test_nobody_is_left(self) -> None:
        client = Client(mail("b@x.test"))
        client.forbidden = {"b@x.test"}
        assert greeted(client, "PIPELINING") == ["RSET"]
        client.hear("250 Ok")
        assert client.states == ["failed"]


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
    assert client.reports[-1][0].text == "The server accepted no data for 18 seconds."


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


@pytest.mark.parametrize("keywords", [(), ("DSN",)])
def test_whether_the_server_reports_from_here_on(keywords: tuple[str, ...]) -> None:
    client = Client(mail())
    greeted(client, *keywords)
    for reply in ("250 Ok", "250 Ok", "354 Go", "250 Ok"):
        client.hear(reply)
    assert [each.reports for each in client.reports[-1]] == [bool(keywords)]


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
