"""The output of `tail`: lines for people, or one line of JSON for each event."""

from __future__ import annotations

from typing import Any

from mailsink.cli.finding import print_line
from mailsink.cli.printing import local, say
from mailsink.terminal import as_json


class TerminalLines:
    """Prints events for people."""

    def opened(self, session: dict[str, Any]) -> None:
        """Print that a client connects."""
        say(f"— {local(session['opened_at'])} {_who(session)} connects", "cyan")

    def closed(self, session: dict[str, Any]) -> None:
        """Print how a session ended."""
        say(f"— {_who(session)}: {session['ending']}", "cyan")

    def exchange(self, session: str, exchange: dict[str, Any]) -> None:
        """Print a line of a session (its id), and the reply to it."""
        print_line(exchange)

    def message(self, message: dict[str, Any]) -> None:
        """Print a message that arrived."""
        sender = message["from"]["address"] or message["reverse_path"]
        when, to = local(message["received_at"]), message["first_recipient"]
        say(f"{when}  {sender} → {to}: {message['subject']}")

    def gap(self) -> None:
        """Print that something is missing."""
        say("… some lines were left out: more came than could be printed", "dim")


class JsonLines(TerminalLines):
    """Prints objects of the API, one on each line with its event."""

    def opened(self, session: dict[str, Any]) -> None:
        """Print the session."""
        _print({**session, "event": "session.opened"})

    def closed(self, session: dict[str, Any]) -> None:
        """Print the session again."""
        _print({**session, "event": "session.closed"})

    def exchange(self, session: str, exchange: dict[str, Any]) -> None:
        """Print the exchange, with the id of its session."""
        _print({**exchange, "event": "exchange", "session": session})

    def message(self, message: dict[str, Any]) -> None:
        """Print the message."""
        _print({**message, "event": "message.created"})

    def gap(self) -> None:
        """Print that something is missing."""
        _print({"event": "resync"})


def _print(shape: dict[str, Any]) -> None:
    print(as_json(shape), flush=True)


def _who(session: dict[str, Any]) -> str:
    return str(session["helo"] or session["client_address"])
