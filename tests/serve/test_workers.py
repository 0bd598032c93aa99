"""`serve --workers`: several processes take mail on one port, and are one server to all."""

from __future__ import annotations

import os
import signal
import smtplib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.durability.senders import Acknowledged, Sender, assert_stored
from tests.processes import children_of
from tests.releasing import until
from tests.running import ANY_PORT, Mailsink, manage
from tests.watching import MessageWatcher

Start = Callable[..., Mailsink]
MOST = 60  # connections of a client
TWO = (*ANY_PORT, "--workers", "2")


def children(server: Mailsink) -> list[int]:
    """Return the processes of a server: that of the web, then those for mail."""
    return children_of(server.process.pid)


def connected(server: Mailsink, stack: ExitStack) -> list[smtplib.SMTP]:
    """Return 12 connections or more, of which each of two processes has some.

    The system spreads them by chance.
    """
    clients: list[smtplib.SMTP] = []
    while len(clients) < 12 or processes_of(server, clients) < 2:
        client = stack.enter_context(smtplib.SMTP(*server.smtp, timeout=120))
        client.ehlo()
        clients.append(client)
    return clients


def processes_of(server: Mailsink, clients: list[smtplib.SMTP]) -> int:
    """Return how many processes these clients talk to, once all are stored."""
    ports = [each.sock.getsockname()[1] for each in clients if each.sock]
    query = (
        "SELECT count(*), count(DISTINCT server_id) FROM inbox_session WHERE closed_at IS NULL "
        f"AND client_port IN ({', '.join('?' * len(ports))})"
    )
    with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:

        def look() -> int:
            stored, processes = database.execute(query, ports).fetchone()
            return int(processes) if stored == len(ports) else 0

        return int(until(look))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    data = tmp_path_factory.mktemp("workers")
    started = Mailsink(data, *TWO, SMTP_MAX_CONNECTIONS_PER_CLIENT=str(MOST))
    yield started
    assert started.stop() == 0
    assert started.stderr == ""


def test_mail_of_all_processes_is_listed_live(server: Mailsink) -> None:
    with ExitStack() as stack, MessageWatcher(server.url) as watcher:
        for number, client in enumerate(connected(server, stack)):
            client.sendmail(
                "a@example.com", ["b@example.com"], f"Subject: {number}\n\nx"
            )
        ids = {each["id"] for each in server.get("messages?limit=500")["items"]}
        watcher.wait_for(ids)
        # All as new, unless it was so slow that it had to load the list again
        assert watcher.resyncs or ids <= set(watcher.created)
        assert set(watcher.created.values()) <= {1}
    with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:
        query = "SELECT count(DISTINCT server_id) FROM inbox_session"
        assert database.execute(query).fetchone() == (2,)
    assert server.get("info")["smtp"] == ["{}:{}".format(*server.smtp)]


def test_a_setting_holds_in_all_processes_once_it_is_made(server: Mailsink) -> None:
    with ExitStack() as stack:
        clients = connected(server, stack)
        for paused, code in ((True, 450), (False, 250)):
            server.patch("inboxes/default", paused=paused)
            for client in clients:
                client.rset()
                client.mail("a@example.com")
                assert client.rcpt("b@example.com")[0] == code


def test_who_waits_hears_of_mail_in_any_process(server: Mailsink) -> None:
    with ExitStack() as stack:
        for number, client in enumerate(connected(server, stack)):
            client.sendmail(
                "a@example.com", ["w@example.com"], f"Subject: w{number}\n\nx"
            )
            found = server.get(f"messages/wait?q=subject:w{number}&timeout=120")[
                "items"
            ]
            assert [each["subject"] for each in found] == [f"w{number}"]


def test_a_rule_counts_once_for_all_processes(server: Mailsink) -> None:
    rule = {"stage": "rcpt", "actions": {"code": 451}, "limits": {"first": 3}}
    server.post("rules/import?replace=true", mailsink_rules=1, rules=[rule])
    with ExitStack() as stack:
        codes = []
        for client in connected(server, stack):
            client.mail("a@example.com")
            codes.append(client.rcpt("b@example.com")[0])
    server.post("rules/import?replace=true", mailsink_rules=1, rules=[])
    assert codes == [451] * 3 + [250] * (len(codes) - 3)


def test_a_client_has_so_many_connections_in_all_processes_together(
    server: Mailsink,
) -> None:
    with ExitStack() as stack:
        for _ in range(MOST + 1):  # those of the tests before may still be counted
            client = smtplib.SMTP(timeout=120)
            stack.callback(client.close)
            code, _ = client.connect(*server.smtp)
            if code != 220:
                break
    assert code == 421


def begin_sending(server: Mailsink, acknowledged: Acknowledged) -> list[Sender]:
    """Send on ten connections or more; return once both processes have stored mail of them.

    The system spreads them by chance, now and then all ten to one process.
    """
    before = len(acknowledged.messages)
    senders: list[Sender] = []
    while len(senders) < 10 or processes_with_sessions(server) < 2:
        seed = before * 1_000_000 + len(senders)
        senders.append(Sender(server.smtp, acknowledged, seed))
        senders[-1].start()
        acknowledged.wait_for(before + 5 * len(senders))
    return senders


def processes_with_sessions(server: Mailsink) -> int:
    """Return how many processes have stored a session that is open."""
    query = (
        "SELECT count(DISTINCT server_id) FROM inbox_session WHERE closed_at IS NULL"
    )
    with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:
        return int(database.execute(query).fetchone()[0])


def test_whatever_was_acknowledged_survives_the_end_of_each_process(
    start_mailsink: Start,
) -> None:
    acknowledged = Acknowledged()
    server = start_mailsink(*TWO)

    # One process for mail: what it had not said, those who watch load.
    senders = begin_sending(server, acknowledged)
    with MessageWatcher(server.url) as watcher:
        os.kill(children(server)[-1], signal.SIGKILL)
        acknowledged.wait_for(len(acknowledged.messages) + 50)
        for sender in senders:
            sender.enough = True
        for sender in senders:
            sender.join(120)
            assert not sender.replies
        watcher.wait_for(acknowledged.messages)
    until(lambda: server.stderr)  # the parent may be slow to say it
    [said] = server.stderr.splitlines()
    assert said.endswith("was ended by SIGKILL; it is started again now")

    # The process of the web: mail goes on meanwhile.
    senders = begin_sending(server, acknowledged)
    with MessageWatcher(server.url) as watcher:
        with watcher.going_down():
            os.kill(children(server)[0], signal.SIGKILL)
        acknowledged.wait_for(len(acknowledged.messages) + 50)
        watcher.wait_for(acknowledged.messages)

    # The parent: all drain and end, and the folder is free.
    all_of_them = children(server)
    assert len(all_of_them) == 3
    server.kill()
    for sender in senders:
        sender.join(120)
        assert {reply[:3] for reply in sender.replies} <= {b"421"}
    patience = time.monotonic() + 120
    while any(Path(f"/proc/{pid}").exists() for pid in all_of_them):
        assert time.monotonic() < patience, "one of them runs on"
        os.sched_yield()
    assert_stored(acknowledged, server.data)

    # SIGTERM: all drain.
    server = start_mailsink(*TWO)
    senders = begin_sending(server, acknowledged)
    assert server.stop() == 0
    for sender in senders:
        sender.join(120)
        assert {reply[:3] for reply in sender.replies} <= {b"421"}
    assert_stored(acknowledged, server.data)
    assert server.stderr == ""
    with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:
        found = database.execute("SELECT DISTINCT ending FROM inbox_session").fetchall()
    assert {ending for (ending,) in found} == {"quit", "crashed", "shutdown"}


def until_replaced(server: Mailsink, before: list[int]) -> int:
    """Return the process that was started since."""
    patience = time.monotonic() + 120
    while not (fresh := set(children(server)) - set(before)):
        assert time.monotonic() < patience, "nothing was started again"
        os.sched_yield()
    return fresh.pop()


@pytest.mark.long
def test_while_a_process_rests_the_others_take_its_connections(
    start_mailsink: Start,
) -> None:
    server = start_mailsink(*TWO)
    victim = children(server)[-1]
    while "again in 8 s" not in (said := server.stderr):
        before = children(server)
        os.kill(victim, signal.SIGKILL)
        deaths = said.count("started again")
        while server.stderr.count("started again") == deaths:
            os.sched_yield()
        if "again in 8 s" not in server.stderr:
            victim = until_replaced(server, before)
    with ExitStack() as stack:
        for _ in range(12):
            client = smtplib.SMTP(*server.smtp, timeout=120)
            stack.callback(client.close)
        assert len(children(server)) == 2, "it rests"
    # It listens again.
    with closing(sqlite3.connect(server.data / "mailsink.sqlite3")) as database:
        query = "SELECT count(DISTINCT server_id) FROM inbox_session"
        patience = time.monotonic() + 120
        while database.execute(query).fetchone() != (2,):
            assert time.monotonic() < patience, "it takes no connection"
            with smtplib.SMTP(*server.smtp, timeout=120):
                pass


def test_a_taken_port_is_named(server: Mailsink, tmp_path: Path) -> None:
    taken = "{}:{}".format(*server.smtp)
    words = ("serve", "--smtp", taken, "--http", "127.0.0.1:0", "--workers", "2")
    done = manage(*words, data=tmp_path)
    assert done.returncode == 1
    assert f"{taken} is in use" in done.stderr


def test_workers_without_mail_are_refused(tmp_path: Path) -> None:
    words = ("serve", "--smtp", "off", "--http", "127.0.0.1:0", "--workers", "2")
    done = manage(*words, data=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no listener is on" in done.stderr
