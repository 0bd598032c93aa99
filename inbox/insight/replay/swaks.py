"""A session's first transaction as a swaks command (https://jetmore.org/john/code/swaks).

The client's words are quoted for the shell (shlex), and never become an option.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from inbox.insight.replay.source import ReplayBody, ReplaySource, is_masked, octets
from inbox.models import Exchange

_PATH = re.compile(r"\w+ *(?:FROM|TO): *(?:<(.*)>|(\S+))", re.IGNORECASE)
# swaks turns bare LF into CRLF and replaces its %tokens%, so it gets the octets of the
# wire, with --no-data-fixup: dots doubled after CRLF only, and the final dot (RFC 5321
# §4.5.2). It adds the CRLF of that dot. Perl is installed wherever swaks is.
_TO_DATA = r'$_ = <>; s/(^|\r\n)\./$1../g; print $_, /\r\n\z/ ? "." : "\r\n."'
_MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")


def command(source: ReplaySource) -> tuple[str, list[str]]:
    """Return the command, and its differences from the session."""
    writer = _Writer(source)
    writer.write()
    command = " ".join(["swaks", *writer.words])
    if writer.body:
        fetch = f"curl -s {shlex.quote(writer.body.url)}"
        command = f"{fetch} | perl -0777 -e '{_TO_DATA}' | {command}"
    return command, writer.notes


@dataclass(slots=True)
class _Writer:
    source: ReplaySource
    words: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    body: ReplayBody | None = None

    def write(self) -> None:
        said = self.source.said()
        mails = [n for n, each in enumerate(said) if each.verb == "MAIL"]
        end = mails[1] if len(mails) > 1 else len(said)
        if len(mails) > 1:
            self.notes.append(_("only the first transaction is sent: swaks sends one"))
        host, port = self.source.address
        self._add("--server", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        self._hello(said)
        self._security(said)
        self._envelope(said[:end])

    def _add(self, option: str, value: str = "") -> None:
        self.words.append(f"{option} {shlex.quote(value)}" if value else option)

    def _safe(self, value: str, note: str) -> bool:
        """Whether swaks can send a value as it is; if not, the note says so."""
        if value and value.isprintable() and not value.startswith(("-", "@")):
            return True
        self.notes.append(note)
        return False

    def _hello(self, said: list[Exchange]) -> None:
        hello = [each for each in said if each.verb in ("EHLO", "HELO", "LHLO")]
        if self.source.is_lmtp:
            self._add("--protocol", "LMTP")
        elif hello and hello[0].verb == "HELO":
            self._add("--protocol", "SMTP")
        unsafe = _("the name of EHLO is left out: swaks cannot send it")
        name = hello[0].line[4:].strip() if hello else ""
        if name and self._safe(name, unsafe):
            self._add("--ehlo", name)

    def _security(self, said: list[Exchange]) -> None:
        if self.source.tls_first:
            self._add("--tls-on-connect")
        elif any(each.verb == "STARTTLS" and each.code == 220 for each in said):
            self._add("--tls")
        auth = next((each for each in said if each.verb == "AUTH"), None)
        if auth is None:
            return
        mechanism = [*auth.line.split(), ""][1].upper()
        if mechanism not in _MECHANISMS:
            self.notes.append(_("AUTH is left out: swaks does not know the mechanism"))
            return
        user = self.source.session.auth_username or "user"
        self._add("--auth", mechanism)
        if self._safe(user, _("the user name is left out: swaks cannot send it")):
            self._add("--auth-user", user)
        self._add("--auth-password", "SECRET")
        self.notes.append(_("replace SECRET with the password, which is never stored"))

    def _envelope(self, said: list[Exchange]) -> None:
        mail = next((each for each in said if each.verb == "MAIL"), None)
        if mail is None:
            self._stop(said)
            return
        unsafe = _("the sender is left out: swaks cannot send it")
        sender = _path(mail)
        if sender is None or (sender and not self._safe(sender, unsafe)):
            sender = ""
        self._add("--from", sender or "<>")
        if octets(mail.line).rstrip()[-1:] != b">":
            self.notes.append(_("parameters of MAIL are left out: swaks has none"))
        self._recipients([each for each in said if each.verb == "RCPT"])
        self._message(said)

    def _recipients(self, asked: list[Exchange]) -> None:
        paths = []
        unsafe = _("a recipient is left out: swaks cannot send it")
        for each in asked:
            path = _path(each)
            if path is None or "," in path:
                self.notes.append(unsafe)
            elif self._safe(path, unsafe):
                paths.append(path)
        if paths:
            self._add("--to", ",".join(paths))

    def _message(self, said: list[Exchange]) -> None:
        bodies = [each for each in said if each.kind in ("body", "chunk")]
        if not bodies:
            self._stop(said)
            return
        if bodies[0].kind == "chunk":
            self.notes.append(_("with DATA instead of BDAT: swaks has no chunks"))
        self.body = self.source.bodies.get(bodies[0].transaction_id)
        if self.body is None:
            self.notes.append(
                _("the message is not stored: swaks sends its own message")
            )
            return
        self._note_end(self.body)
        self._add("--data", "-")
        self._add("--no-data-fixup")

    def _note_end(self, body: ReplayBody) -> None:
        """Note that the message cannot end as in the session."""
        if not body.complete:
            self.notes.append(
                _("the message was cut off: swaks sends what is stored, and ends it")
            )
        if not body.size:
            # It takes data without a line end, such as the final dot, for a file name.
            self.notes.append(
                _("the message is empty: swaks can only send one empty line")
            )
        elif not body.ends_with_crlf:
            self.notes.append(
                _("DATA ends a message with CRLF: one is added where it has none")
            )

    def _stop(self, said: list[Exchange]) -> None:
        """Stop where the session stopped, before a message."""
        verbs = {each.verb for each in said}
        for verb, stop in (
            ("DATA", ""), ("RCPT", "RCPT"), ("MAIL", "MAIL"), ("AUTH", "AUTH"),
            ("STARTTLS", "TLS"), ("LHLO", "HELO"), ("EHLO", "HELO"), ("HELO", "HELO"),
            ("", "CONNECT"),
        ):  # fmt: skip
            if verb in verbs or not verb:
                left = "QUIT" not in verbs
                if stop:
                    self._add("--drop-after" if left else "--quit-after", stop)
                return


def _path(exchange: Exchange) -> str | None:
    """Return the address in a MAIL or RCPT line; None if there is none."""
    match = _PATH.match(exchange.line)
    if match is None or is_masked(exchange):
        return None
    return octets(match[1] or match[2] or "").decode("utf-8", "replace")
