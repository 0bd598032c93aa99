"""Redis is killed while mail comes: it is still taken, pages say so, and come back."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

from tests import private
from tests.durability.senders import Acknowledged, Sender, assert_stored
from tests.running import ANY_PORT, Mailsink
from tests.watching import MessageWatcher


def notice(server: Mailsink) -> str:
    with urllib.request.urlopen(f"{server.url}/health/ready") as answer:
        found: str = json.load(answer)["checks"]["redis"]
        return found


def test_mail_goes_on_without_redis_and_pages_come_back_with_it(
    start_mailsink: Callable[..., Mailsink],
) -> None:
    with private.running_redis() as redis:
        server = start_mailsink(*ANY_PORT, "--workers", "2", REDIS_URL=redis.url)
        acknowledged = Acknowledged()
        senders = [Sender(server.smtp, acknowledged, number) for number in range(5)]
        for sender in senders:
            sender.start()
        with MessageWatcher(server.url) as watcher:
            acknowledged.wait_for(50)
            watcher.wait_for(acknowledged.messages)
            assert notice(server) == "ok"

            with watcher.going_down(4503):
                redis.kill()
            assert notice(server) == "Redis cannot be reached: pages are not live"
            acknowledged.wait_for(len(acknowledged.messages) + 50)

            redis.start()
            watcher.wait_until_live()
            acknowledged.wait_for(len(acknowledged.messages) + 50)
            for sender in senders:
                sender.enough = True
            for sender in senders:
                sender.join(120)
                assert not sender.replies
            watcher.wait_for(acknowledged.messages)
            assert notice(server) == "ok"
        assert server.stop() == 0
        assert_stored(acknowledged, server.data)
        assert "Traceback" not in server.stderr
        assert "Redis cannot be reached, pages are not live" in server.stderr
        assert "Redis is back, pages are live" in server.stderr
