"""`serve --workers N`: a process for the web, and some that accept mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from inbox.live import protocol
from inbox.live.hub_wire import Doorway
from inbox.processes.common import Beside, Common
from inbox.processes.one_process import OneProcess
from inbox.storage import setup
from inbox.storage.write_lock import share_turns
from inbox.upkeep import servers
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.sockets import WebPorts, bind_again, share
from mailsink.supervisor import Child, ProcessPlace, Supervisor


def run_processes(common: Common, workers: int, ready: Callable[[], None]) -> int:
    """Run the processes until asked to stop; return the exit code of this one.

    workers: the number of SMTP processes; ready: called once all of them accept
    connections
    """
    servers.close_crashed()
    kinds = [kind for kind, _ in common.mail]
    first = [share(each) for _, each in common.mail]
    per_process = [first, *(list(map(bind_again, first)) for _ in range(1, workers))]
    places = [
        ProcessPlace("the web process", is_vital=True, sockets=common.web.sockets),
        *(
            ProcessPlace(f"SMTP process {number}", sockets=sockets)
            for number, sockets in enumerate(per_process, 1)
        ),
    ]
    doorway, counts = Doorway(), SharedCounts(workers)
    import_module("mailsink.server.ahead")
    setup.let_go()  # each process opens its own connections

    def work(child: Child) -> int:
        protocol.use_process(child.id)
        if common.config.uses_sqlite:
            share_turns(common.config.data / "write.lock")
        own = replace(common, mail=[])
        if child.number > 0:
            counts.take_row(child.number - 1)
            sockets = places[child.number].sockets
            mail = list(zip(kinds, sockets, strict=True))
            own = replace(common, mail=mail, web=WebPorts())
        beside = Beside(child, workers, doorway, counts)
        return OneProcess(own, beside).run(child.ready)

    return Supervisor(places, ready).run(work)
