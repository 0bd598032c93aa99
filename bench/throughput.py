"""Messages a second and processor time, with the peers in turns in one run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException

from bench import arrived, peers, processor, source
from bench.contenders import (
    Bare,
    Contender,
    ContenderError,
    Inbucket,
    MailDev,
    Mailpit,
    OfMailsink,
    OfPeer,
)
from bench.cores import LOAD_CORE, on_core
from bench.servers import waits
from bench.shapes import SHAPES, Shape

_WAITS = 4_000  # messages whose 250 is timed
# The last two: a server hangs up, or replies with an error, in SMTP or in HTTP.
_FAILURES = (
    *(source.LoadError, ContenderError, processor.RestlessError),
    *(OSError, HTTPException),
)


@dataclass(frozen=True)
class Turn:
    """The result of one server in one round of a shape.

    rate: messages a second; 0 if it could not be measured
    received, all: processor seconds for 1,000 messages, until the last 250, and with
    all later work
    waits: seconds from a message's last octet to its 250
    wrong: the error, or ""
    """

    rate: float = 0.0
    received: float = 0.0
    all: float = 0.0
    waits: list[float] = field(default_factory=list)
    wrong: str = ""


# For each shape and server, one for each round.
Turns = dict[Shape, dict[Contender, list[Turn]]]


def contenders(all: bool) -> list[Contender]:
    """Return Mailsink and the available peers; print the missing ones with the reason.

    all: include the peers without a budget
    """
    found: list[Contender] = [OfMailsink()]
    wanted: list[tuple[type[OfPeer], Callable[[], peers.Peer]]]
    wanted = [(Mailpit, peers.mailpit)]
    if all:
        wanted += [(MailDev, peers.maildev), (Inbucket, peers.inbucket)]
    for server, get in wanted:
        try:
            found.append(server(get()))
        except peers.MissingPeerError as error:
            print(f"bench: {server.__name__} is left out: {error}", file=sys.stderr)
    return [*found, Bare()]


def measure(servers: list[Contender], rounds: int, scale: int) -> Turns:
    """Measure each shape in rounds; a round has one turn of every server.

    scale: 10 sends a tenth of the messages
    """
    turns: Turns = {}
    for shape in SHAPES:
        turns[shape] = {each: [] for each in servers}
        for number in range(rounds):
            first = number % len(servers)
            for each in servers[first:] + servers[:first]:
                turn = _turn(each, shape, scale)
                turns[shape][each].append(turn)
                said = turn.wrong or f"{turn.rate:,.1f}/s"
                print(f"bench: {shape.name}: {each.name}: {said}", file=sys.stderr)
    return turns


def _turn(server: Contender, shape: Shape, scale: int) -> Turn:
    try:
        with on_core(LOAD_CORE), server.running():
            return _measured(server, shape, scale)
    except _FAILURES as error:
        return Turn(wrong=str(error))


def _measured(server: Contender, shape: Shape, scale: int) -> Turn:
    messages = shape.messages // scale
    marked = arrived.send_marked(server.smtp, shape.size)
    # The first request loads the code for requests, so it comes before the measurement.
    before = processor.when_at_rest(server.pid, server.unfinished)
    began = time.perf_counter()
    source.send(server.smtp, shape, messages)
    seconds = time.perf_counter() - began
    received = processor.used(server.pid) - before
    time.sleep(server.work_begins_within)
    all = processor.when_at_rest(server.pid, server.unfinished) - before
    wrong = arrived.wrong(server, marked, shape, messages)
    waited = waits(server.smtp, _WAITS // scale) if shape.latency else []
    thousands = messages / 1000
    return Turn(
        messages / seconds, received / thousands, all / thousands, waited, wrong
    )


def top(turns: Turns) -> float:
    """Return the highest rate of Mailsink, in messages a second; 0 if there is none."""
    return max(
        turn.rate
        for of in turns.values()
        for server, each in of.items()
        if isinstance(server, OfMailsink)
        for turn in each
    )
