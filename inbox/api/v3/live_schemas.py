"""The frames of /ws/live, and the events in them, for the AsyncAPI document."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from inbox.api.v3.schemas import Message, Strict, member
from inbox.api.v3.session_schemas import Exchange, Session, Transaction
from inbox.live.protocol import VERSION

_TO = "messages, sessions, or session:<id> for the lines of one session."
_INBOX = "The slug of an inbox, which narrows messages and sessions; left out for all."


class MessageEvent(Message):
    event: Literal["message.created", "message.updated"] = member(
        "created: it arrived, or came back from the trash; updated: it was read, marked or "
        "indexed."
    )


class MessageDeletedEvent(Strict):
    event: Literal["message.deleted"] = member("It went to the trash.")
    id: UUID = member("The id of the message.")
    inbox: str | None = member("The slug of its inbox.", "default")


class TransactionEvent(Transaction):
    event: Literal["transaction.ended"] = member("It ended, and was not accepted.")


class SessionEvent(Session):
    event: Literal["session.opened", "session.updated", "session.closed"] = member(
        "closed: nothing follows for this session."
    )


class ExchangeEvent(Exchange):
    event: Literal["exchange.created", "exchange.updated"] = member(
        "created: the line is complete; updated: its reply was sent, or more of its body came."
    )


LiveEvent = (
    MessageEvent | MessageDeletedEvent | TransactionEvent | SessionEvent | ExchangeEvent
)


class SubscribeFrame(Strict):
    type: Literal["subscribe"] = member("Follow a topic.")
    to: str = member(_TO, "messages")
    inbox: str | None = member(_INBOX, "default", None)


class UnsubscribeFrame(Strict):
    type: Literal["unsubscribe"] = member("Stop following a topic.")
    to: str = member(_TO, "messages")
    inbox: str | None = member(_INBOX, "default", None)


class AckFrame(Strict):
    type: Literal["ack"] = member("Batches are processed.")
    seq: int = member("The seq of the last of them.", 7)


class HelloFrame(Strict):
    type: Literal["hello"] = member("The first frame.")
    version: Literal[VERSION] = member("The version of this protocol.")  # type: ignore[valid-type]
    server: UUID = member("A new one means that the process was started again.")


class SubscribedFrame(Strict):
    type: Literal["subscribed"] = member("Changes follow from here on.")
    to: str = member(_TO, "messages")
    inbox: str = member(_INBOX, "default", "")


class BatchFrame(Strict):
    type: Literal["batch"] = member("What happened, in order.")
    seq: int = member("The number of the batch on this connection, from 1.", 1)
    to: str = member(_TO, "messages")
    inbox: str = member(_INBOX, "default", "")
    events: list[LiveEvent] = member("The objects, each with its event.")


class ResyncFrame(Strict):
    type: Literal["resync"] = member("Something was left out: load the list again.")
    to: str = member(_TO, "messages")
    inbox: str = member(_INBOX, "default", "")


class ErrorFrame(Strict):
    type: Literal["error"] = member("Your frame was not understood.")
    detail: str = member("Why.", "frames are JSON")


COMMANDS = (SubscribeFrame, UnsubscribeFrame, AckFrame)
ANSWERS = (HelloFrame, SubscribedFrame, BatchFrame, ResyncFrame, ErrorFrame)
# The data of server-sent events
DATA = (
    SubscribedFrame,
    ResyncFrame,
    MessageEvent,
    MessageDeletedEvent,
    TransactionEvent,
    SessionEvent,
    ExchangeEvent,
)
