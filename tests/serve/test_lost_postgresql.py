"""PostgreSQL is killed while mail comes, and started again: 4yz meanwhile, and nothing is lost."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from tests import private
from tests.durability.senders import Acknowledged, Sender
from tests.running import ANY_PORT, Mailsink
from tests.watching import MessageWatcher


def readiness(server: Mailsink) -> tuple[int, str]:
    """Return the status of /health/ready, and what it says of the database."""
    try:
        with urllib.request.urlopen(f"{server.url}/health/ready") as answer:
            return answer.status, json.load(answer)["checks"]["database"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["checks"]["database"]


def status(server: Mailsink, path: str) -> int:
    try:
        with urllib.request.urlopen(server.url + path) as answer:
            found: int = answer.status
            return found
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def refusals(senders: list[Sender]) -> int:
    return sum(len(each.replies) for each in senders)


def test_mail_is_refused_for_now_and_comes_in_by_itself_later(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    with private.running_postgresql() as database:
        shared = {"DATABASE_URL": database.url, "SECRET_KEY": "of a test"}
        server = start_mailsink(*ANY_PORT, "--workers", "2", **shared)
        acknowledged = Acknowledged()
        senders = [Sender(server.smtp, acknowledged, number) for number in range(5)]
        for sender in senders:
            sender.start()
        with MessageWatcher(server.url) as watcher:
            acknowledged.wait_for(50)
            watcher.wait_for(acknowledged.messages)
            database.kill()
            with acknowledged.changed:
                assert acknowledged.changed.wait_for(lambda: refusals(senders) > 3, 120)
            code, words = readiness(server)
            assert code == 503
            assert "the database cannot be written" in words
            assert status(server, "/") == 503

            database.start()
            acknowledged.wait_for(len(acknowledged.messages) + 50)
            patience = time.monotonic() + 120
            while (ready := readiness(server))[0] != 200:
                assert time.monotonic() < patience, ready
            assert status(server, "/") == 200
            for sender in senders:
                sender.enough = True
            for sender in senders:
                sender.join(120)
            watcher.wait_for(acknowledged.messages)
        said = {reply[:3] for sender in senders for reply in sender.replies}
        assert said <= {b"451", b"421"}
        for id in list(acknowledged.messages)[::20]:
            assert server.octets(f"messages/{id}/raw") == acknowledged.messages[id]
        assert server.stop() == 0
        assert "Traceback" not in server.stderr, server.stderr
