"""Why Mailsink gave a reply: the cause in the line or in the session."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain.inputs import Exchangelike
from inbox.explain.on_purpose import who_decided
from inbox.explain.refusals import advice

# Replies below 400, by code and verb; "" stands for any verb.
_BY_VERB: dict[tuple[int, str], str] = {
    (220, "STARTTLS"): gettext_noop("TLS was offered, and may begin now (RFC 3207 §4)."),
    (221, "QUIT"): gettext_noop("The client asked to end the session (RFC 5321 §4.1.1.10)."),
    (235, ""): gettext_noop("The credentials were accepted (RFC 4954 §4)."),
    (250, "EHLO"): gettext_noop("The client gave its name; the reply lists what is offered (RFC 5321 §4.1.1.1)."),
    (250, "LHLO"): gettext_noop("The client gave its name; the reply lists what is offered (RFC 2033 §4.1)."),
    (250, "HELO"): gettext_noop("The client gave its name, and asked for no extensions (RFC 5321 §4.1.1.1)."),
    (250, "MAIL"): gettext_noop("The sender is a valid address, and a transaction began (RFC 5321 §4.1.1.2)."),
    (250, "RCPT"): gettext_noop("The inbox accepts mail for this recipient (RFC 5321 §4.1.1.3)."),
    (250, "RSET"): gettext_noop("The transaction that had begun is forgotten (RFC 5321 §4.1.1.5)."),
    (250, "NOOP"): gettext_noop("NOOP does nothing but ask for this reply (RFC 5321 §4.1.1.9)."),
    (334, ""): gettext_noop("The mechanism has another step (RFC 4954 §4)."),
    (354, "DATA"): gettext_noop("A recipient was accepted, so the message may come (RFC 5321 §4.1.1.4)."),
}  # fmt: skip
_BY_KIND: dict[tuple[int, str], str] = {
    (220, "connect"): gettext_noop("The client connected, and the server speaks first (RFC 5321 §3.1)."),
    (250, "body"): gettext_noop("The message is complete, and stored on disk (RFC 5321 §4.1.1.4)."),
    (250, "chunk"): gettext_noop("The chunk is complete (RFC 3030 §2)."),
}  # fmt: skip


def reason(exchange: Exchangelike) -> str:
    """Return why the reply was given, as a sentence; "" if its meaning says it all.

    If a setting or a rule decided the reply, the reason names it.
    """
    if exchange.code is None or exchange.direction == "out":
        return ""  # only the other server can explain its reply
    if refusal := advice(exchange):
        return refusal.why
    if exchange.rule:
        return who_decided(exchange.rule)
    for table, key in (
        (_BY_KIND, exchange.kind),
        (_BY_VERB, exchange.verb),
        (_BY_VERB, ""),
    ):
        if why := table.get((exchange.code, key)):
            return _(why)
    return ""
