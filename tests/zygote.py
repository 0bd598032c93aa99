"""`python -m tests.zygote FD`: a process that becomes a program for each request on a socket.

Three quarters of a start are imports. Those that read no setting are made here once, and each
server or command is a fork that goes on from there with an environment of its own.
tests/forked.py asks.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import runpy
import signal
import socket
import sys
import threading
from importlib import import_module
from typing import Any

from mailsink import ids

MOST = 1 << 20  # octets of a request
# The same in every process: no settings, no descriptors, nothing that is drawn by chance
_LOADED = """
    channels.generic.websocket
    daphne.ws_protocol daphne.http_protocol twisted.internet.asyncioreactor
    django.contrib.auth.apps django.db.backends.sqlite3.base django.db.migrations.executor
    django.template.loader_tags tinycss2.color4 whitenoise.storage pydantic.networks
    django.test pydantic.dataclasses rapidfuzz yaml
    inbox.storage.sealing inbox.providers.provider_replies inbox.rules.matching
    inbox.views.faults inbox.webhooks.hook_urls
    mailsink.cli.app mailsink.cli.django_commands mailsink.failing_tls mailsink.mime.codes mailsink.mime.notices
    mailsink.mime.pictures mailsink.reporting.delivery_notices mailsink.smtp.net.listener mailsink.web.assets
    mailsink.web.heavy
""".split()
# The settings, Twisted's reactor, and the id of the process
_MUST_NOT_BE = ("mailsink.conf", "twisted.internet.reactor", "inbox.live.protocol")


def _load() -> None:
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    before = os.listdir("/proc/self/fd")
    for name in _LOADED:
        import_module(name)
    for name in _MUST_NOT_BE:
        assert name not in sys.modules, name
    assert ids._last == 0, "a module has made an id"
    assert os.listdir("/proc/self/fd") == before, "a module opened something"
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()


def _asked(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next request with its descriptors; None at the end.

    They are for stdout, stderr, the report, and stdin, where that is given.
    """
    octets, descriptors, _, _ = socket.recv_fds(control, MOST, 4)
    return (json.loads(octets), descriptors) if octets else None


def _mind(server: int, report: socket.socket) -> None:
    """Report the id of a server's process, and how it ended; the id is its own until that is read."""
    report.sendall(b"%d\n" % server)
    ended = os.waitid(os.P_PID, server, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    exited = ended.si_code == os.CLD_EXITED
    report.sendall(b"%d\n" % (ended.si_status if exited else -ended.si_status))
    report.recv(1)
    os._exit(0)


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Turn this process into what a new one is before its first line."""
    for number, descriptor in enumerate(descriptors[:2], 1):
        os.dup2(descriptor, number)
    for descriptor in descriptors[3:]:
        os.dup2(descriptor, 0)
    os.closerange(3, max(descriptors) + 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if most := request["descriptors"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])


def _run(arguments: list[str]) -> None:
    """Run a script, or a module that "-m" is before, as Python does."""
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(sys.argv[0], run_name="__main__")


def main(control: socket.socket) -> None:
    """Fork for each request, until nobody can ask; a fork returns once it runs as asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Control-C is for pytest
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for minders
    _load()
    while asked := _asked(control):
        request, descriptors = asked
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            server = os.fork()
            if server == 0:
                _become(request, descriptors)
                _run(request["arguments"])
                return
            for descriptor in (*descriptors[:2], *descriptors[3:]):
                os.close(descriptor)
            _mind(server, socket.socket(fileno=descriptors[2]))
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
