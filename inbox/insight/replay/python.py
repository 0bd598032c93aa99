"""A session as a script for Python's smtplib, line by line as the client sent it.

Texts of the client become ascii() literals, so that none can become code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.utils.translation import gettext as _

from inbox.insight.replay.source import ReplayBody, ReplaySource, is_masked, octets
from inbox.models import Exchange

_LONGEST = 8000  # octets of a line that are repeated


def script(source: ReplaySource) -> tuple[str, list[str]]:
    """Return the script, and its differences from the session."""
    writer = _Writer(source)
    writer.write()
    return "\n".join([*writer.preamble(), *writer.lines, ""]), writer.notes


@dataclass(slots=True)
class _Writer:
    source: ReplaySource
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)  # of the preamble
    bodies: dict[UUID, str] = field(default_factory=dict)  # transaction -> its name
    mechanism: str = ""  # of the current AUTH
    answers: int = 0  # to its challenges
    sent: dict[UUID, int] = field(default_factory=dict)  # octets of chunks

    def write(self) -> None:
        self._connect()
        if self.source.cut:
            self._note(_("the session is longer: these are its first 500 lines"))
        said = self.source.said()
        if any(each.verb == "XCLIENT" for each in self.source.exchanges):
            self._note(_("XCLIENT is left out: it names another client"))
        for group in _groups(said):
            self._say_all(group)
        self.lines.append("smtp.close()")

    def preamble(self) -> Iterator[str]:
        yield f"# Makes the exchanges of session {self.source.session.pk} again."
        modules = {"smtplib", *self.needs & _MODULES}
        for module in sorted(modules):
            yield f"import {module}"
        yield ""
        if "secret" in self.needs:
            user = self.source.session.auth_username or "user"
            yield f"USER = {user!a}"
            yield 'SECRET = "SECRET"  # replace with the password, which is never stored'
            yield ""
        if "ssl" in self.needs:
            yield "context = ssl.create_default_context()"
            yield "context.check_hostname = False  # a test server's certificate"
            yield "context.verify_mode = ssl.CERT_NONE"
            yield ""
        if "base64" in self.needs:
            yield from _BASE64

    def _left_out(self) -> str:
        what = f"AUTH {self.mechanism}".strip()
        return _("%(what)s is left out") % {"what": what}

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def _connect(self) -> None:
        host, port = self.source.address
        kind, context = "SMTP", ""
        if self.source.tls_first:
            kind, context = "SMTP_SSL", ", context=context"
            self.needs.add("ssl")
        elif self.source.is_lmtp:
            kind = "LMTP"
        if self.source.welcomed:
            where = f"{host!a}, {port}{context}"
            self.lines.append(f"smtp = smtplib.{kind}({where})")
        else:
            # If the constructor connected at once, a refusal would raise an error.
            self.lines.append(f"smtp = smtplib.{kind}({context[2:]})")
            self.lines.append(f"smtp.connect({host!a}, {port})")
        self.lines.append("smtp.set_debuglevel(1)  # shows what is said")

    def _say_all(self, group: list[Exchange]) -> None:
        """Send the lines of a group together, then read the replies."""
        if len(group) == 1:
            self._say(group[0])
            return
        said = b"".join(self._octets(each) for each in group)
        self.lines.append(f"smtp.send({said!a})  # in one go (RFC 2920)")
        self.lines += [READ] * sum(each.code is not None for each in group)

    def _say(self, exchange: Exchange) -> None:
        if exchange.kind == "body":
            self._say_body(exchange)
        elif exchange.kind == "chunk":
            self._say_chunk(exchange)
        elif exchange.verb == "STARTTLS" and exchange.code == 220:
            self._start_tls()
        elif exchange.kind == "auth" or is_masked(exchange):
            self._say_secret(exchange)
        else:
            self._say_line(exchange)

    def _say_line(self, exchange: Exchange) -> None:
        line = octets(exchange.line)
        plain = line.isascii() and line.decode().isprintable()
        if plain and exchange.code is not None and not _bare(exchange):
            self.lines.append(f"smtp.docmd({line.decode()!a})")
            return
        self.lines.append(f"smtp.send({self._octets(exchange)!a})")
        if exchange.code is not None:
            self.lines.append(READ)

    def _octets(self, exchange: Exchange) -> bytes:
        """Return a command's octets with its line end."""
        line = octets(exchange.line)
        if len(line) > _LONGEST:
            self._note(
                _("lines are cut to %(longest)s bytes") % {"longest": f"{_LONGEST:,}"}
            )
        return line[:_LONGEST] + (b"\n" if _bare(exchange) else b"\r\n")

    def _start_tls(self) -> None:
        self.needs.add("ssl")
        name = self.source.session.tls_sni or self.source.address[0]
        self.lines += [
            'smtp.docmd("STARTTLS")',
            f"smtp.sock = context.wrap_socket(smtp.sock, server_hostname={name!a})",
            "smtp.file = None  # what is read from now on comes by TLS",
        ]

    # Bodies

    def _body(self, exchange: Exchange) -> str:
        """Return the name of the variable that has the transaction's body."""
        key = exchange.transaction_id
        assert key is not None
        if key not in self.bodies:
            name = f"body{len(self.bodies) + 1}"
            self.bodies[key] = name
            self.lines.append(f"{name} = {self._octets_of(key, exchange.octets)}")
        return self.bodies[key]

    def _octets_of(self, key: UUID, size: int) -> str:
        body: ReplayBody | None = self.source.bodies.get(key)
        if body is None:
            self._note(_("a message is not stored: its bytes are written as x"))
            return f'b"x" * {size}'
        if body.octets is not None:
            return ascii(body.octets)
        self.needs.add("urllib.request")
        return f"urllib.request.urlopen({body.url!a}).read()"

    def _say_body(self, exchange: Exchange) -> None:
        if exchange.transaction_id is None:
            self._note(_("a message without a transaction is left out"))
            return
        name = self._body(exchange)
        body = self.source.bodies.get(exchange.transaction_id)
        if body and not body.complete and exchange.code is not None:
            self._note(_("a message is not stored whole: only its beginning is sent"))
        # Dots are doubled after CRLF only (RFC 5321 §4.5.2), where the server removes
        # them.
        self.lines.append(
            f'{name} = (b"\\r\\n" + {name}).replace(b"\\r\\n.", b"\\r\\n..")[2:]'
        )
        if exchange.code is None:
            self.lines.append(f"smtp.send({name})  # and was cut off there")
            return
        self.lines.append(
            f'smtp.send({name} + (b".\\r\\n" if {name}.endswith(b"\\r\\n") or not {name}'
            ' else b"\\r\\n.\\r\\n"))'
        )
        replies = 1
        if self.source.is_lmtp:  # one for each recipient (RFC 2033 §4.2)
            replies = sum(line[3:4] == " " for line in exchange.reply.split("\n"))
        self.lines += [READ] * max(1, replies)

    def _say_chunk(self, exchange: Exchange) -> None:
        line = ascii(self._octets(exchange))
        key = exchange.transaction_id
        if key is None or key not in self.source.bodies:
            size = exchange.octets
            self.lines.append(f'smtp.send({line} + b"x" * {size})')
        else:
            name = self._body(exchange)
            first = self.sent.get(key, 0)
            self.sent[key] = first + exchange.octets
            part = f"{name}[{first}:{self.sent[key]}]"
            if self.sent[key] > self.source.bodies[key].size:
                self._note(_("a message is not stored whole: its rest is written as x"))
                part += f'.ljust({exchange.octets}, b"x")'
            self.lines.append(f"smtp.send({line} + {part})")
        if exchange.code is not None:
            self.lines.append(READ)

    # AUTH

    def _say_secret(self, exchange: Exchange) -> None:
        if exchange.verb == "AUTH":
            words = exchange.line.split()
            self.mechanism = words[1].upper() if len(words) > 1 else ""
            self.answers = 0
            if not is_masked(exchange):
                self._say_challenged(exchange)
                return
        if exchange.code == 501 and exchange.enhanced == "5.7.0":
            self.lines.append('smtp.docmd("*")')
            return
        response = self._response()
        if not response:
            self._note(self._left_out())
            return
        self.needs |= {"base64", "secret"}
        command = f'"AUTH {self.mechanism} " + ' if exchange.verb == "AUTH" else ""
        self.lines.append(f"smtp.docmd({command}{response})")

    def _say_challenged(self, exchange: Exchange) -> None:
        if self.mechanism not in _RESPONSES and exchange.code == 334:
            self._note(self._left_out())
            return
        if self.mechanism == "CRAM-MD5" and exchange.code == 334:
            self.lines.append(f"_, challenge = smtp.docmd({exchange.line!a})")
        else:
            self._say_line(exchange)

    def _response(self) -> str:
        """Return the expression for the next response; "" if there is none."""
        steps = _RESPONSES.get(self.mechanism, ())
        if self.answers >= len(steps):
            return ""
        if self.mechanism == "CRAM-MD5":
            self.needs.add("hmac")
        self.answers += 1
        return steps[self.answers - 1]


READ = "smtp.getreply()"
_MODULES = frozenset({"base64", "hmac", "ssl", "urllib.request"})
_BASE64 = (
    "",
    "def b64(text):",
    "    return base64.b64encode(text.encode()).decode()",
    "",
    "",
)
_RESPONSES: dict[str, tuple[str, ...]] = {
    "PLAIN": (r'b64(f"\0{USER}\0{SECRET}")',),
    "LOGIN": ("b64(USER)", "b64(SECRET)"),
    "CRAM-MD5": (
        'b64(USER + " " + hmac.new(SECRET.encode(), base64.b64decode(challenge),'
        ' "md5").hexdigest())',
    ),
    "XOAUTH2": (r'b64(f"user={USER}\1auth=Bearer {SECRET}\1\1")',),
    "OAUTHBEARER": (r'b64(f"n,a={USER},\1auth=Bearer {SECRET}\1\1")',),
}


def _bare(exchange: Exchange) -> bool:
    return "bare_lf_command" in exchange.flags.split()


def _groups(said: list[Exchange]) -> Iterator[list[Exchange]]:
    """Yield groups of exchanges that arrived together; secrets and bodies are alone."""
    number = 0
    key: Callable[[tuple[int, Exchange]], int] = lambda pair: pair[0]  # noqa: E731
    numbered = []
    joins = False
    for each in said:
        alone = each.kind != "command" or is_masked(each) or each.verb == "STARTTLS"
        if alone or not joins or "pipelined" not in each.flags.split():
            number += 1
        joins = not alone
        numbered.append((number, each))
    for _key, group in groupby(numbered, key):
        yield [each for _number, each in group]
