"""The lines of a session to try rules on: made up, or from a stored session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from uuid import UUID

from django.utils.translation import gettext as _

from inbox.errors import InvalidMember
from inbox.mailbox import messages, sessions, transcripts
from inbox.mailbox.scope import Scope
from inbox.models import Exchange, Raw, Session
from inbox.rules.message_conditions import LOOKED_AT
from inbox.storage import body_store
from mailsink.ids import uuid7
from mailsink.ports import Consult, Stage
from mailsink.smtp.protocol import grammar
from mailsink.smtp.protocol.events import Body

MOST_LINES = 200  # of a session
LONGEST = 512  # characters of an address or a name
_GIVEN = ("sender", "client", "helo", "user", "tls")
_STAGES: dict[str, Stage] = {
    "EHLO": "helo", "HELO": "helo", "LHLO": "helo", "STARTTLS": "starttls", "AUTH": "auth",
    "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "BDAT": "bdat", "RSET": "rset",
    "VRFY": "vrfy", "EXPN": "vrfy", "ETRN": "etrn", "QUIT": "quit",
}  # fmt: skip

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class DryLine:
    """A line at which rules are checked, as the client writes it."""

    said: str
    consult: Consult
    transaction: UUID | None  # the transaction of the line


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A message that nobody sent, with the facts that rules check."""

    recipient: str
    sender: str = ""
    client: str = "127.0.0.1"
    helo: str = "client.example"
    user: str = ""
    tls: bool = False


def checked(recipient: str, given: Mapping[str, str | bool | None]) -> MadeUp:
    """Return a message for a dry run; empty values get defaults. Raises InvalidMember."""
    known = {name: given[name] for name in _GIVEN if given.get(name)}
    for name, value in (("recipient", recipient), *known.items()):
        if isinstance(value, str) and not (
            len(value) <= LONGEST and value.isprintable()
        ):
            words = _(
                "a value has up to %(most)s characters, and no control characters"
            )
            raise InvalidMember(name, words % {"most": LONGEST})
    if "client" in known:
        try:
            ip_address(str(known["client"]))
        except ValueError:
            raise InvalidMember("client", _("the client is an IP address")) from None
    return MadeUp(recipient, **{**known, "tls": bool(known.get("tls"))})  # type: ignore[arg-type]


def made_up(given: MadeUp) -> Iterator[DryLine]:
    """Yield the lines of a session with one message."""
    client = _Client(uuid7(), {"client_address": given.client})
    yield client.line("connect", "")
    if given.tls:
        client.facts["tls"] = "TLSv1.3"
    yield client.line("helo", f"EHLO {given.helo}", {"argument": given.helo})
    client.facts["helo"] = given.helo
    if given.user:
        yield client.line("auth", "AUTH PLAIN", {"user": given.user})
        client.facts["user"] = given.user
    begun: Facts = {"reverse_path": given.sender, "transaction": 1}
    yield client.line("mail", f"MAIL FROM:<{given.sender}>", begun)
    client.facts |= begun
    path = given.recipient
    yield client.line("rcpt", f"RCPT TO:<{path}>", {"forward_path": path})
    client.recipients.append(path)
    yield client.line("data", "DATA")
    yield client.line("body", "", {"size": 0})


def of_message(scope: Scope, id: str) -> Iterator[DryLine]:
    """Yield the lines of a message's session up to its end. Raises NotFound."""
    wanted = messages.get(scope, id).transaction
    for each in of_session(scope, str(wanted.session_id)):
        if each.transaction in (None, wanted.pk):
            yield each
        if each.transaction == wanted.pk and each.consult.stage == "body":
            return


def of_session(scope: Scope, id: str, most: int = MOST_LINES) -> Iterator[DryLine]:
    """Yield the lines of a session at which rules are checked, among its first `most`.

    Raises NotFound.
    """
    session = sessions.get(scope, id)
    rows = Exchange.objects.filter(session=session, direction="in").order_by("seq")
    client = _Client(session.pk, {"client_address": session.client_address})
    for exchange in transcripts.loaded(rows[:most]):
        yield from client.follow(exchange, session)


def is_asked(exchange: Exchange) -> bool:
    """Whether rules are checked at a client's line."""
    said = exchange.kind in ("command", "auth", "chunk") and bool(exchange.verb)
    return exchange.direction == "in" and (said or exchange.kind in ("connect", "body"))


@dataclass(slots=True)
class _Client:
    """A client's session, up to the current line."""

    session: UUID
    facts: Facts
    recipients: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)  # flags of the transaction's own lines
    transactions: int = 0

    def line(
        self,
        stage: Stage,
        said: str,
        facts: Facts | None = None,
        of: Exchange | None = None,
        body: Body | None = None,
    ) -> DryLine:
        """Return a line. of: its exchange; facts: in addition to the session's."""
        verb = (
            said.partition(" ")[0].upper() if stage not in ("connect", "body") else ""
        )
        here = {**self.facts, **({"verb": verb} if verb else {}), **(facts or {})}
        seq = 0 if of is None else of.seq
        consult = Consult(stage, self.session, here, seq, list(self.recipients), body)
        return DryLine(said, consult, None if of is None else of.transaction_id)

    def follow(self, exchange: Exchange, session: Session) -> Iterator[DryLine]:
        """Yield the lines of an exchange, then take over its changes."""
        verb, kind = exchange.verb, exchange.kind
        accepted = exchange.code is not None and exchange.code < 400
        if kind == "tls":
            self.facts["tls"] = session.tls_version
        elif kind == "connect":
            yield self.line("connect", "", of=exchange)
        elif kind == "body":
            yield self._end(exchange)
        elif kind in ("command", "auth", "chunk") and verb:
            facts = self._facts(verb, exchange.line, session)
            stage = _STAGES.get(verb, "any")
            yield self.line(stage, exchange.line, facts, exchange)
            if accepted:
                self._learn(verb, facts, exchange.flags)
            if verb == "BDAT" and exchange.line.upper().endswith(" LAST"):
                yield self._end(exchange)

    def _facts(self, verb: str, said: str, session: Session) -> Facts:
        """Return the facts of a line, as the server has them at its stage."""
        argument = said.partition(" ")[2]
        if verb in ("MAIL", "RCPT"):
            path, parameters = _path(argument)
            if verb == "RCPT":
                return {"forward_path": path}
            number = self.transactions + 1
            return {"reverse_path": path, "parameters": parameters, "transaction": number}  # fmt: skip
        if verb == "AUTH":
            return {"user": session.auth_username}
        return {"argument": argument}

    def _learn(self, verb: str, facts: Facts, flags: str) -> None:
        """Take over the changes of an accepted line."""
        stage = _STAGES.get(verb)
        if stage in ("helo", "rset"):
            self._forget()
        if stage == "helo":
            self.facts["helo"] = facts["argument"]
        elif stage == "auth":
            self.facts["user"] = facts["user"]
        elif stage == "mail":
            self.facts |= facts
            self.transactions += 1
        elif stage == "rcpt":
            self.recipients.append(str(facts["forward_path"]))
        if stage in ("mail", "rcpt", "bdat"):
            self.flags.update(flags.split())

    def _end(self, exchange: Exchange) -> DryLine:
        """Return the end of the message, with the stored beginning of its octets."""
        raw = Raw.objects.filter(pk=exchange.transaction_id).first()
        octets = None if raw is None else _beginning(raw)
        size = 0 if raw is None else raw.size
        body = None if octets is None else Body(size, "", True, octets)
        self.flags.update(exchange.flags.split())
        facts: Facts = {"size": size, "flags": " ".join(sorted(self.flags))}
        found = self.line("body", "", facts, exchange, body)
        self._forget()
        return found

    def _forget(self) -> None:
        self.recipients.clear()
        self.flags.clear()
        for name in ("reverse_path", "parameters", "transaction"):
            self.facts.pop(name, None)


def _path(argument: str) -> tuple[str, str]:
    """Return the path of MAIL or RCPT, and the parameters after it."""
    text = argument.partition(":")[2]
    try:
        path, rest = grammar.parse_path(text, lenient=True)
    except grammar.BadSyntax:
        return text.strip().strip("<>"), ""
    return path.mailbox, rest


def _beginning(raw: Raw) -> bytes | None:
    try:
        return body_store.read_start(raw, LOOKED_AT)
    except FileNotFoundError:
        return None
