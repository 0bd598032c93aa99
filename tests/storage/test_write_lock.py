from __future__ import annotations

import threading

import pytest

from inbox.storage import write_lock
from inbox.storage.write_lock import (
    _Turns,
    several_turns,
    turn_until_written,
    write_turn,
)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns = _Turns()
    served: list[int] = []

    def writer(number: int) -> None:
        with turns.turn():
            served.append(number)

    with turns.turn():
        threads = []
        for number in range(20):
            thread = threading.Thread(target=writer, args=[number])
            thread.start()
            threads.append(thread)
            while len(turns._waiting) <= number:
                pass
        assert served == []
    for thread in threads:
        thread.join(120)
    assert served == list(range(20))


@pytest.mark.parametrize("first", [False, True], ids=["other", "recorder"])
def test_one_who_comes_back_at_once_goes_behind_those_who_wait(first: bool) -> None:
    turns = _Turns()
    served: list[str] = []

    def patient() -> None:
        with turns.turn():
            served.append("patient")

    with turns.turn(first):
        thread = threading.Thread(target=patient)
        thread.start()
        while not turns._waiting:
            pass
    with turns.turn(first):
        served.append("busy")
    thread.join(120)
    assert served == ["patient", "busy"]


def test_the_recorder_goes_before_all_who_wait() -> None:
    turns = _Turns()
    served: list[str] = []

    def writer(name: str) -> None:
        with turns.turn(first=name == "recorder"):
            served.append(name)

    names = ["first", "second", "recorder"]
    threads = [threading.Thread(target=writer, args=[name]) for name in names]
    with turns.turn():
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) <= number:
                pass
    for thread in threads:
        thread.join(120)
    assert served == ["recorder", "first", "second"]


def test_who_has_the_turn_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change with If-Match has it already where it is done once more: the disk was full."""
    monkeypatch.setattr(write_lock, "_turns", _Turns())
    done = threading.Event()

    def change() -> None:
        with several_turns():
            with several_turns():
                pass
            assert write_lock._turns._taken
        done.set()

    threading.Thread(target=change, daemon=True).start()
    assert done.wait(120)
    assert not write_lock._turns._taken


@pytest.mark.django_db
def test_after_the_first_write_others_have_their_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deletion of many rows with If-Match: between its turns mail has one."""
    monkeypatch.setattr(write_lock, "_turns", _Turns())
    turns = write_lock._turns
    with turn_until_written():
        assert turns._taken
        with write_turn():
            pass
        assert not turns._taken
        with write_turn():
            assert turns._taken
        assert not turns._taken
    assert not turns._taken


@pytest.mark.django_db
def test_what_nobody_may_write_between_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write_lock, "_turns", _Turns())
    with turn_until_written():
        with several_turns():
            for _ in range(2):
                with write_turn():
                    pass
                assert write_lock._turns._taken
        with write_turn():
            pass
        assert not write_lock._turns._taken
