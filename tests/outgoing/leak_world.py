"""A running Mailsink with next hops that take everything, and all ways to have it send mail.

A way is a method named try_…: test_nothing_leaks calls all of them, and looks after each
whom mail went to.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.next_hop import NextHop
from tests.outgoing.allow_oracle import Lists, is_at, may_go
from tests.outgoing.asking import Asking, said
from tests.releasing import until
from tests.running import Mailsink

EXTENSIONS = ("SIZE", "8BITMIME", "SMTPUTF8", "DSN", "LIMITS RCPTMAX=3")

MARKER = "marker"  # a route by which others may find out how far Mailsink is

_BOUNCING = "bounce+5.1.1@example.com"


class LeakWorld(Asking):
    """Holds the lists of each route as they were set, and takes what its hop heard."""

    def __init__(
        self, server: Mailsink, hops: dict[str, NextHop], taker: NextHop
    ) -> None:
        """taker: is the server on connections that are turned"""
        super().__init__(server)
        self.hops = hops
        self.lists: dict[str, Lists] = {}
        self.guard: Sequence[str] | None = None  # what it names; None: it is off
        self.delivered = 0
        self._taker = taker
        self._seen = dict.fromkeys(hops, 0)
        for name, hop in hops.items():
            host, port = hop.address
            self.api("POST", "routes", name=name, host=host, port=port, tls="off")
            self.lists[name] = ([], [])
        self.allow(MARKER, (["marker.test"], []))
        self._rule(["marker.test"], MARKER)

    # What happens between

    def catch(self, reverse_path: str, recipients: Sequence[str]) -> str:
        """Send a message to it; return its id, or "" where it took none."""
        replies = self.smtp(
            f"MAIL FROM:<{reverse_path}> SMTPUTF8",
            *(f"RCPT TO:<{each}>" for each in recipients),
            "DATA",
            "Subject: hello\r\n\r\nx\r\n.",
        )
        found = re.search(r"queued as (\S+)", replies)
        return found[1] if found else ""

    def allow(self, name: str, lists: Lists) -> None:
        """Change the lists of a route; those with a bad pattern stay as they are."""
        allow, deny = lists
        if self.api("PATCH", f"routes/{name}", allow=list(allow), deny=list(deny)):
            self.lists[name] = lists

    def guard_by(self, allow: Sequence[str] | None) -> None:
        """Switch the guard on, with a list, or off."""
        if allow is None:
            self.api("PATCH", "guard", on=False)
            self.guard = None
        else:
            named = [*allow, "marker.test"]
            if self.api("PATCH", "guard", on=True, allow=named):
                self.guard = named

    def derive(self) -> None:
        """Wait until what was caught before has been released, if it is by itself."""
        message = self.catch("", ["m@marker.test"])
        until(lambda: self.api("GET", f"releases?message={message}")["items"])
        self.settle()

    def _rule(self, recipients: Sequence[str], route: str, **more: str) -> str:
        """Add a rule; return its id, or "" where it is refused."""
        fields = {"name": "rule", "recipients": list(recipients), "route": route}
        added = self.api("POST", "release-rules", **{**fields, **more})
        return str(added["id"]) if added else ""

    def while_it_waits(self, name: str, stage: str, act: Callable[[], None]) -> None:
        """Do something whenever the hop of a route has come to a stage of its next session."""
        once = threading.Lock()

        def at(now: str) -> None:
            if now == stage and once.acquire(blocking=False):
                act()

        self.hops[name].at = at

    def settle(self) -> None:
        """Wait until nothing is on its way, and let the hops go on as they like."""
        until(self._is_quiet)
        for hop in self.hops.values():
            hop.at = lambda _stage: None

    def _is_quiet(self) -> bool:
        if self.api("GET", "sessions?live=true&limit=1")["items"]:
            return False
        found = self.api("GET", "releases?limit=100")["items"]
        return not {"queued", "trying"} & {each["state"] for each in found}

    def check(self) -> None:
        """Look whom mail went to since the last time, once all is quiet."""
        self.settle()
        self._check_guard(self._taker.recipients)
        self._taker.recipients.clear()
        for name, hop in self.hops.items():
            lines = hop.recipients[self._seen[name] :]
            self._seen[name] += len(lines)
            for line in lines:
                path = _path(line)
                assert may_go(path, *self.lists[name]), (name, path, self.lists[name])
            self._check_guard(lines)

    def _check_guard(self, lines: Sequence[str]) -> None:
        self.delivered += len(lines)
        for path in map(_path, lines):
            if self.guard is not None:
                assert may_go(path, self.guard, []), (path, self.guard)

    # The ways

    def try_release(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Release a message to those it was for."""
        self.api("POST", f"messages/{message}/release", route=route)

    def try_others(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Release it to others."""
        path = f"messages/{message}/release"
        self.api("POST", path, route=route, recipients=list(addresses))

    def try_page(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Release it by its page, to others."""
        recipients = "\r\n".join(addresses)
        self.form(f"/messages/{message}/release", route=route, recipients=recipients)

    def try_mailpit(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Release it by the API of Mailpit."""
        body = json.dumps({"To": list(addresses)}).encode()
        path = f"/api/v1/message/{message}/release"
        self.ask("POST", path, body, {"Content-Type": "application/json"})

    def try_again(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Try again what failed because a list changed on the way, and changed back."""
        self.check()
        lists = self.lists[route]
        self.while_it_waits(route, "connect", lambda: self.allow(route, ([], [])))
        self.try_others(message, route, addresses)
        self.check()
        self.allow(route, lists)
        for each in self.api("GET", f"releases?limit=5&message={message}")["items"]:
            self.api("POST", f"releases/{each['id']}/retry")
            self.form(f"/outgoing/{each['id']}/retry")

    def try_rule(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Have a rule release what comes for them."""
        self._follow_rule(route, addresses, ["*", *addresses])

    def try_copy(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Have a rule copy what comes for others to one of them."""
        for each in addresses[:1]:
            copy = {"action": "copy", "copy_to": each}
            self._follow_rule(route, ["z@elsewhere.test"], ["elsewhere.test"], **copy)

    def _follow_rule(
        self, route: str, to: Sequence[str], meant: Sequence[str], **more: str
    ) -> None:
        rule = self._rule(meant, route, **more) or self._rule(meant[:1], route, **more)
        self.catch("a@example.com" if more else "", to)
        self.derive()
        self.api("DELETE", f"release-rules/{rule}")

    def try_guard(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Let what the guard names leave by itself."""
        before = self.guard
        if before is None:
            self.guard_by(["*"])
        self.api("PATCH", "guard", route=route)
        self.catch("", addresses)
        self.derive()
        self.api("PATCH", "guard", route="")
        self.check()
        self.guard_by(before)

    def try_reverse_path(
        self, message: str, route: str, addresses: Sequence[str]
    ) -> None:
        """Release it with another reverse-path."""
        for each in addresses[:1]:
            self.api("PATCH", f"routes/{route}", reverse_path=each)
        self.api("POST", f"messages/{message}/release", route=route)
        self.api("PATCH", f"routes/{route}", reverse_path="")

    def try_etrn(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Hold mail for the domains of addresses, and ask for it by ETRN."""
        domains = {each.rpartition("@")[2].lower() for each in addresses}
        for domain in domains:
            self.api(
                "POST", "held", domain=domain, users=["*"], route=route, earlier=True
            )
            self.smtp(f"ETRN {domain}", f"ETRN @{domain}")
        self.settle()
        for domain in domains:
            self.api("DELETE", f"held/{urllib.parse.quote(domain)}")

    def try_atrn(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Hold mail for the domains of addresses, and take it by ATRN on the connection."""
        for domain in {each.rpartition("@")[2].lower() for each in addresses}:
            self.api("POST", "held", domain=domain, users=["*"], earlier=True)
            before = len(self._taker.recipients)
            with socket.create_connection(self.server.smtp, 60) as connection:
                ask = ("EHLO client.test", "AUTH PLAIN AGEAYg==", f"ATRN {domain}")
                if said(connection, *ask)[-1].startswith("250"):
                    self._taker.take_over(connection)
            for line in self._taker.recipients[before:]:
                assert is_at(_path(line), domain), (line, domain)
            self.settle()
            self.api("DELETE", f"held/{urllib.parse.quote(domain)}")

    def try_report(self, message: str, route: str, addresses: Sequence[str]) -> None:
        """Let a message bounce, so that a report goes to the reverse-path."""
        until(partial(self._report, self.catch("z@elsewhere.test", [_BOUNCING])))
        # Reports are made in order: those before it have been made.
        self.api("PATCH", f"routes/{route}", bounces=True)
        for each in addresses[:1]:
            self.catch(each, [_BOUNCING])
        last = self.catch("z@elsewhere.test", [_BOUNCING])
        until(lambda: self._is_decided(self._report(last)))
        self.settle()
        self.api("PATCH", f"routes/{route}", bounces=False)

    def _report(self, message: str) -> dict[str, Any]:
        """Return the report on a message; an empty one if it is not made yet."""
        made = self.api("GET", f"messages/{message}")["reports"]
        return dict(made[0]) if made else {}

    def _is_decided(self, report: dict[str, Any]) -> bool:
        """Whether it is known if a report goes out."""
        if not report:
            return False
        queued = self.api("GET", f"releases?message={report['message']}")["items"]
        return bool(report["not_sent"] or queued)


def _path(line: str) -> str:
    """Return the path of RCPT without its brackets."""
    return line[line.index("<") + 1 : line.rindex(">")]
