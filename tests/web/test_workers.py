"""The processes beside the server, with their limits: each test starts real ones."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mailsink.web.heavy import Heavy
from mailsink.web.workers import Off, Unanswered, WorkerLimits, Workers
from tests.processes import children_of

SCOPE = {
    "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
    "path": "/health/live", "root_path": "", "query_string": b"", "client": None,
    "server": None, "headers": [(b"host", b"localhost")],
}  # fmt: skip
Events = list[dict[str, Any]]


@asynccontextmanager
async def started(**limits: Any) -> AsyncIterator[Workers]:
    async def note(_: Any) -> None:
        """Nobody is told."""

    workers = Workers("answer", note, WorkerLimits(**limits))
    workers.start()
    try:
        yield workers
    finally:
        await workers.stop()


def into(events: Events) -> Callable[[dict[str, Any]], Any]:
    async def send(event: dict[str, Any]) -> None:
        events.append(event)

    return send


async def never() -> dict[str, Any]:
    """A client that stays."""
    return await asyncio.Event().wait()  # type: ignore[return-value]


async def asked(workers: Workers, receive: Callable[[], Any] = never) -> Events:
    """Ask as the web does; return what it is sent."""

    async def heavy(*_: str) -> bool:
        return True

    events: Events = []
    await Heavy(None, workers, heavy)(SCOPE, receive, into(events))  # type: ignore[arg-type]
    return events


def refusal(events: Events) -> str:
    """Return why a request was refused."""
    head, body = events
    assert head["status"] == 503
    assert (b"retry-after", b"5") in head["headers"]
    return str(json.loads(body["body"])["detail"])


async def ended(before: set[int]) -> None:
    """Wait until there are no more processes than before."""
    async with asyncio.timeout(120):
        while children() - before:  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0.01)


def busy(workers: Workers) -> set[int]:
    processes = (each._process for each in workers._busy)
    return {process.pid for process in processes if process is not None}


def children() -> set[int]:
    return set(children_of(os.getpid()))


async def test_a_request_is_answered_as_the_application_would() -> None:
    async with started() as workers:
        events = await asked(workers)
    assert events[0]["status"] == 200
    assert json.loads(events[-1]["body"])["status"] == "ok"


async def test_an_answer_that_takes_too_long_is_refused_and_its_process_ended() -> None:
    before = children()
    async with started(seconds=0.01) as workers:  # no process starts as fast
        assert "took longer than 0.01 s" in refusal(await asked(workers))
        await ended(before)


async def test_the_next_request_is_refused_when_enough_wait() -> None:
    async with started(at_once=1, waiting=1) as workers:
        answers = await asyncio.gather(*(asked(workers) for _ in range(3)))
    assert "Too many requests" in refusal(answers[2])
    assert [events[0]["status"] for events in answers] == [200, 200, 503]


async def test_a_process_without_work_ends() -> None:
    before = children()
    async with started(idle=0.05) as workers:
        await asked(workers)
        await ended(before)
        assert (await asked(workers))[0]["status"] == 200  # by a new one


async def test_a_process_that_died_while_it_waited_for_work_is_replaced() -> None:
    before = children()
    async with started() as workers:
        await asked(workers)
        (worker,) = children() - before
        os.kill(worker, signal.SIGSTOP)  # it seems to be alive when it is asked
        events: Events = []
        asking = asyncio.create_task(workers.answer(SCOPE, into(events)))
        while worker not in busy(workers):  # noqa: ASYNC110  no event to wait for
            await asyncio.sleep(0)
        os.kill(worker, signal.SIGKILL)
        await asking
    assert events[0]["status"] == 200


async def test_a_job_does_not_wait_for_requests() -> None:
    """A job goes on while requests take all the places they may have."""
    async with started(at_once=1) as workers:
        going_on = asyncio.Event()

        async def slow(event: dict[str, Any]) -> None:
            going_on.set()
            await asyncio.Event().wait()

        async with asyncio.TaskGroup() as tasks:
            request = tasks.create_task(workers.answer(SCOPE, slow))
            await going_on.wait()
            job = {"type": "extract", "id": "no id"}
            with pytest.raises(Unanswered, match="ended unexpectedly"):
                await asyncio.to_thread(workers.have_done, job)
            request.cancel()


async def test_a_client_that_left_gives_its_place_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailsink.web.heavy._TO_END", 0.01)
    before = children()

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async with started(at_once=1) as workers:
        assert await asked(workers, gone) == []
        await ended(before)
        assert (await asked(workers))[0]["status"] == 200


async def test_nothing_is_asked_of_workers_that_are_off() -> None:
    async with started() as workers:
        pass
    with pytest.raises(Off):
        await asyncio.to_thread(workers.have_done, {"type": "extract", "id": "any"})
