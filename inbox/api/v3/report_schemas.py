"""The objects of API v3 that describe a message that is a report."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from inbox.api.v3.schema_base import Strict, member


class ReportedRecipient(Strict):
    """A recipient in a delivery report (RFC 3464 §2.3). "" stands for missing values."""

    address: str = member(
        "The recipient, as the sender wrote it if the report has that.",
        "ann@example.com",
    )
    original_recipient: str = member("Original-Recipient.", "ann@example.com")
    final_recipient: str = member("Final-Recipient.", "ann@mail.example.com")
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded", ""] = (
        member("The action; derived from the status if Action is missing.")
    )
    action_text: str = member("The action in words.", "Not delivered")
    status: str = member(
        "The enhanced code (RFC 3463); that of the diagnostic if Status is missing.",
        "5.1.1",
    )
    code: int | None = member(
        "The SMTP reply code in the diagnostic; null if there is none.", 550
    )
    status_text: str = member(
        "The status in words, or that of the diagnostic where it says more than 5.0.0.",
        "5.1.1: about the address: the mailbox does not exist (RFC 3463).",
    )
    remote_mta: str = member("The server that said so.", "mx.example.com")
    diagnostic_type: str = member("The type of the diagnostic.", "smtp")
    diagnostic: str = member(
        "The diagnostic, as the report has it.", "550 5.1.1 User unknown"
    )
    last_attempt: datetime | None = member("When it was last tried.")
    will_retry_until: datetime | None = member("When the server will give up.")
    final_log_id: str = member("The id in the log of the last server.", "4Rb1xq2zP")


class Disposition(Strict):
    """A disposition notification (RFC 8098). "" stands for missing values."""

    type: str = member(
        "What became of the message: displayed, deleted, denied and others.",
        "displayed",
    )
    text: str = member(
        "The type in words.", "A program processed the message; nobody saw it"
    )
    action_mode: str = member("manual-action or automatic-action.", "manual-action")
    sending_mode: str = member(
        "mdn-sent-manually or mdn-sent-automatically.", "mdn-sent-manually"
    )
    modifiers: list[str] = member("The modifiers of the type.", ["error"])
    original_recipient: str = member("Original-Recipient.", "ann@example.com")
    final_recipient: str = member("Final-Recipient.", "ann@example.com")
    reporting_ua: str = member("The email client.", "ann-pc; Foomail 97.1")
    gateway: str = member("MDN-Gateway.", "")
    errors: list[str] = member("The fields Error, Failure and Warning.", [])


class Feedback(Strict):
    """A feedback report (RFC 5965, RFC 6591). "" stands for missing values."""

    type: str = member("The type: abuse, fraud, auth-failure and others.", "abuse")
    text: str = member("The type in words.", "Spam, or other unwanted mail")
    user_agent: str = member("The program that made it.", "SomeGenerator/1.0")
    original_mail_from: str = member("Original-Mail-From.", "news@shop.example")
    original_rcpt_to: list[str] = member("Original-Rcpt-To.", ["ann@example.com"])
    source_ip: str = member("The address that sent the message.", "192.0.2.1")
    incidents: str = member("How many complaints it stands for.", "1")
    authentication_results: list[str] = member("Authentication-Results.", [])
    reported_domain: list[str] = member("Reported-Domain.", ["shop.example"])
    reported_uri: list[str] = member("Reported-URI.", [])
    auth_failure: str = member("The check that failed.", "dkim")
    delivery_result: str = member("What was done with the message.", "delivered")


class Original(Strict):
    """The message that a report is about."""

    subject: str = member('Its subject; "" if it is not known.', "Your order")
    message_id: str = member(
        'Its Message-ID, without angle brackets; "" if it is not known.', "1@shop.test"
    )
    message: UUID | None = member("Its id, if it is stored here; else null.")


class Report(Strict):
    """A report. "" and null stand for missing values."""

    kind: Literal["delivery", "disposition", "feedback", "automatic_reply"] = member(
        "A delivery report (RFC 3464), a read receipt (RFC 8098), a complaint (RFC 5965) or "
        "an automatic reply (RFC 3834)."
    )
    source: Literal["fields", "text", "none"] = member(
        "What it was read from: fields for programs, or the text for people; none: it looks "
        "like a bounce, but cannot be read."
    )
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded", ""] = (
        member("The gravest action among the recipients.")
    )
    title: str = member("What it is, in a word or two.", "Delivery failed")
    part: int = member("The n of the part that it was read from.", 2)
    reporting_mta: str = member("The server that reports.", "mx.shop.example")
    dsn_gateway: str = member("DSN-Gateway.", "")
    received_from_mta: str = member("Received-From-MTA.", "app.shop.example")
    envelope_id: str = member("Original-Envelope-Id (ENVID of MAIL).", "QQ314159")
    arrival_date: datetime | None = member("When the message came to the server.")
    recipients: list[ReportedRecipient] = member(
        "The first 200 recipients of a delivery report."
    )
    recipients_left_out: int = member("How many more recipients were read.", 0)
    truncated: bool = member(
        "Whether the report is longer than the part that was read.", False
    )
    disposition: Disposition | None = member("A read receipt; else null.")
    feedback: Feedback | None = member("A complaint; else null.")
    original: Original = member("The message that it is about.")


class ReportMade(Strict):
    """A report that Mailsink made about a message, or withheld."""

    message: UUID | None = member(
        "The id of the report, which is a message; null if it was withheld or deleted."
    )
    kind: Literal[
        "failed", "delayed", "delivered", "relayed", "automatic_reply", "complaint"
    ] = member("What was reported.", "failed")
    cause: Literal["address", "notify", "release"] = member(
        "Why: the address of a recipient asks for it, NOTIFY does, or a release did not "
        "deliver the message.",
        "address",
    )
    release: UUID | None = member("The id of the release; else null.")
    sender: str = member("The reverse-path, to which it goes.", "shop@example.com")
    recipient: str = member(
        "The first recipient that it is about.", "bounce+5.1.1@example.com"
    )
    recipients: int = member("How many recipients it is about.", 1)
    withheld: Literal["", "automatic", "often"] = member(
        "Why no automatic reply was sent: a program or a list sent the message, or the "
        "sender got many; empty if it was sent.",
        "",
    )
    not_sent: str = member(
        "Why it does not go out through the route for reports; empty if it does, or if there is "
        "none.",
        "",
    )
    made_at: datetime = member("When it was made.")
