"""The objects of API v3 that describe sessions, their exchanges and transactions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from inbox.api.v3.schemas import Address, Recipient, Strict, member
from inbox.explain.attempt_history import Joined


class Tls(Strict):
    version: str = member("The version of TLS.", "TLSv1.3")
    cipher: str = member("The cipher suite.", "TLS_AES_256_GCM_SHA384")
    sni: str = member("The server name that the client asked for.", "localhost")


class Auth(Strict):
    mechanism: str = member("The SASL mechanism.", "PLAIN")
    username: str = member("The user name. Passwords are never stored.", "shop")


class Session(Strict):
    id: UUID = member("The id of the session.")
    inbox: str | None = member("The slug of its inbox.", "default")
    direction: Literal["in", "out"] = member("in: a client connected to Mailsink.")
    listener: str = member("The address and port that accepted it.", "127.0.0.1:1025")
    client_address: str = member("The address of the client.", "127.0.0.1")
    client_port: int = member("The port of the client.", 40001)
    helo: str = member("The name that the client gave in EHLO, HELO or LHLO.", "app-1")
    protocol: str = member("SMTP, ESMTP, ESMTPS, ESMTPSA, LMTP and so on.", "ESMTPS")
    tls: Tls | None = member("How it is encrypted; null if it is not.")
    auth: Auth | None = member("The login; null if there was none.")
    opened_at: datetime = member("When the client connected.")
    closed_at: datetime | None = member("When it ended; null while it is live.")
    ending: str | None = member("How it ended; null while it is live.", "quit")
    messages: int = member("How many messages were accepted.", 1)
    worst_code: int | None = member("The highest code of its replies.", 550)


class ListedSession(Session):
    probes: int | None = member(
        "With fold=true, for a connection without a command: how many it stands for.",
        default=None,
    )


class Exchange(Strict):
    seq: int = member("The number of the exchange in its session, from 1.", 4)
    direction: Literal["in", "out"] = member("in: the client spoke first.")
    transaction: UUID | None = member("The id of the transaction that it belongs to.")
    kind: str = member("connect, command, auth, tls, body, chunk or notice.", "command")
    verb: str = member("The command.", "RCPT")
    line: str = member(
        "The client's line without CRLF. Bytes that are not UTF-8 appear as \\xNN.",
        "RCPT TO:<ann@example.com>",
    )
    octets: int = member("The size of the line or body in bytes.", 27)
    received_us: int = member(
        "When the line was complete, in microseconds since opened_at.", 1520
    )
    ready_us: int | None = member(
        "When the reply was decided, in microseconds since opened_at.", 1610
    )
    replied_us: int | None = member(
        "When the reply was sent, in microseconds since opened_at.", 1650
    )
    delayed_us: int = member("How long a rule delayed the reply, in microseconds.", 0)
    code: int | None = member("The code of the reply; null until it is sent.", 550)
    enhanced: str = member("The enhanced code of the reply.", "5.1.1")
    reply: list[str] = member(
        "The lines of the reply as sent, without CRLF.", ["550 5.1.1 No such user"]
    )
    rule: str = member('The rule that answered; "" if none did.', "known addresses")
    flags: list[str] = member("What is unusual about it.", ["pipelined"])


class Transaction(Strict):
    id: UUID = member("The id of the transaction.")
    session: UUID = member("The id of its session.")
    inbox: str | None = member("The slug of its inbox.", "default")
    seq: int = member("The number of the transaction in its session, from 1.", 1)
    reverse_path: str = member("The address in MAIL FROM.", "bounces@shop.example")
    parameters: str = member("The parameters of MAIL.", "SIZE=2048")
    outcome: str | None = member(
        "accepted, discarded (by a rule), rejected, reset or abandoned; null while it "
        "is open.",
        "rejected",
    )
    code: int | None = member("The code of the reply that ended it.", 550)
    started_at: datetime = member("When MAIL arrived.")
    ended_at: datetime | None = member("When it ended; null while it is open.")
    failure: str = member(
        "Why it was not accepted, in a few words; empty if it was, or is open.",
        "Recipient rejected: no such user (550)",
    )
    recipients: list[Recipient] = member("The recipients, in the order of RCPT.")
    size: int | None = member(
        "The size of the body in bytes; null if none arrived.", 2048
    )
    complete: bool | None = member("Whether the whole body arrived; null without one.")
    subject: str = member("The Subject field, if it arrived.", "Confirm your account")
    from_: Address = Field(alias="from", description="The From field, if it arrived.")
    attempt: int = member(
        "The number of this attempt among those of the same message; 1 until it is indexed.",
        1,
    )


class Attempt(Strict):
    started_at: datetime = member("When MAIL arrived.")
    ended_at: datetime | None = member("When it ended; null while it is open.")
    waited: float | None = member(
        "Seconds since the previous attempt ended; null for the first.", 62.0
    )
    outcome: str | None = member("Its outcome; null while it is open.", "accepted")
    code: int | None = member("The code of the reply that ended it.", 250)
    label: str = member('The outcome in short: "451", "cut off".', "250")
    words: str = member("How it ended, in words.", "accepted")
    reply: list[str] = member(
        "The lines of the reply that refused it.", ["451 4.7.1 Try again later"]
    )
    likely: bool = member("Whether only client and envelope say that it belongs here.")
    this: bool = member("Whether it is the one that you asked about.")
    message: UUID | None = member("The message that it became; null if there is none.")
    transaction: UUID | None = member("Its transaction; null if MAIL was refused.")
    session: UUID = member("The id of its session.")
    exchange: int | None = member("The seq of the line that was refused.", 6)
    url: str = member("The page that shows it.", "/s/06h0bj7fvp8x-6")


class AttemptHistory(Strict):
    sentence: str = member(
        "All attempts in one sentence.", "3 attempts: 451 → 451 → 250, waits 5 s, 62 s"
    )
    upshot: str = member(
        'How a failed attempt ended in the end; else "".', "accepted 62 s later"
    )
    basis: str = member(
        "What the attempts share, in words.", "They share a Message-ID."
    )
    joined_by: Joined | None = member("What they share; null if there is only one.")
    likely: bool = member("Whether some of this is only likely.")
    attempt: int = member("The number of the attempt that you asked about, from 1.", 3)
    total: int = member("How many attempts are stored, counted up to 10,000.", 3)
    attempts: list[Attempt] = member("The newest 50 attempts, oldest first.")


class Explanation(Strict):
    term: str = member("What this paragraph is about.", "Means")
    words: list[str] = member("The paragraph.", ["There is no such mailbox."])


class ExplainedExchange(Exchange):
    explained: list[Explanation] = member(
        "What the reply means, why it was sent, and what the client did next."
    )


class Timeline(Strict):
    """How the time of a session is divided, in microseconds."""

    start_us: int = member(
        "Where the timeline begins; 0 unless older lines are cut.", 0
    )
    end_us: int = member("Where the timeline ends.", 1_000_000)
    client: int = member("Waiting for the client.", 900_000)
    body: int = member("Receiving messages.", 60_000)
    ours: int = member("Mailsink at work.", 30_000)
    rule: int = member("Delays by rules.", 10_000)


class Replay(Strict):
    """The session as commands that repeat it; the notes name the differences."""

    swaks: str = member(
        "A command of swaks.", "swaks --server 127.0.0.1:1025 --to ann@example.com"
    )
    swaks_notes: list[str] = member(
        "What the command does differently.", ["Replace SECRET with your password."]
    )
    python: str = member("A script for Python's smtplib.", "import smtplib\n…")
    python_notes: list[str] = member(
        "What the script does differently.", ["Replace SECRET with your password."]
    )


class SessionDetail(Session):
    exchanges: list[Exchange] = member("The first 500 exchanges.")
    transactions: list[Transaction] = member(
        "The first 500 transactions, or as many as fit with their recipients."
    )
