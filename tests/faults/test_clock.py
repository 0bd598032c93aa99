"""The clock of the machine jumps by an hour, forth and back, while Mailsink runs."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from tests.programs import part
from tests.running import ANY_PORT, Mailsink
from tests.watching import MessageWatcher


class Jumping(Mailsink):
    """A Mailsink whose clock is as far off as a file says."""

    by_fork = False  # a library is loaded before it begins

    def environment(self, variables: dict[str, str]) -> dict[str, str]:
        self.offset = self.data / "offset"
        self.jump("+0")
        return {
            **super().environment(variables),
            "LD_PRELOAD": part(
                "*-linux-gnu/faketime/libfaketimeMT.so.1", "libfaketime"
            ),
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def jump(self, offset: str) -> None:
        """Let the clock be so much off from now on: "+1h", "-1h"."""
        # At once: every look at the clock reads the file, and one that finds it empty
        # ends its process.
        draft = self.offset.with_suffix(".new")
        draft.write_text(f"{offset}\n")
        draft.replace(self.offset)


def send(server: Mailsink, subject: str) -> None:
    with smtplib.SMTP(*server.smtp, timeout=120) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\n\nx")


@pytest.mark.parametrize("workers", [(), ("--workers", "2")], ids=["one", "several"])
def test_mail_stays_in_its_order(tmp_path: Path, workers: tuple[str, ...]) -> None:
    server = Jumping(tmp_path, *ANY_PORT, *workers)
    with MessageWatcher(server.url) as watcher:
        sent = []
        for offset in ("+0", "+1h", "-1h", "+0"):
            server.jump(offset)
            after = server.get("messages?limit=1")["items"]
            for number in range(3):
                sent.append(f"at {offset} {number}")
                send(server, sent[-1])
            found = server.get(
                "messages/wait?timeout=120&count=3"
                + (f"&after={after[0]['id']}" if after else "")
            )
            assert len(found["items"]) == 3
        listed = server.get("messages")["items"]
        watcher.wait_for([each["id"] for each in listed])
    assert len(listed) == len(sent)
    assert [each["subject"] for each in reversed(listed)] == sent
    for session in server.get("sessions")["items"]:
        for exchange in server.get(f"sessions/{session['id']}")["exchanges"]:
            assert 0 <= exchange["received_us"] < 30_000_000
            assert exchange["replied_us"] >= exchange["ready_us"]
    server.jump("-1h")
    assert server.stop() == 0
    assert server.stderr == ""

    # A start with the clock put back goes on behind what is stored.
    again = Jumping(tmp_path, *ANY_PORT, *workers)
    again.jump("-1h")
    send(again, "later")
    assert again.get("messages?limit=1")["items"][0]["subject"] == "later"
    assert again.stop() == 0
