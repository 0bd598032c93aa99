from __future__ import annotations

import threading

import pytest

from inbox.storage import store_gate
from inbox.storage.store_gate import StoreDown, StoreGate


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_gate, "_PATIENCE", 0.01)


def fail(gate: StoreGate, silent: bool) -> None:
    with pytest.raises(StoreDown), gate.passage():
        raise gate.failed("it is gone", silent)


def test_a_silent_store_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = StoreGate()
    fail(gate, silent=True)
    assert gate.trouble == "it is gone"
    for of_mail in (False, True):
        with pytest.raises(StoreDown) as caught, gate.passage(of_mail):
            pytest.fail("it was asked")
        assert caught.value.silent
    monkeypatch.setattr(store_gate.time, "monotonic", lambda: gate._rests_until + 0.1)
    with gate.passage():
        pass
    assert gate.trouble == ""


def test_a_store_that_refuses_is_asked_again() -> None:
    gate = StoreGate()
    fail(gate, silent=False)
    assert gate.trouble == "it is gone"
    with gate.passage():
        pass
    assert gate.trouble == ""


def test_who_reads_holds_up_few_and_never_mail() -> None:
    gate, inside, leave = StoreGate(), threading.Semaphore(0), threading.Event()

    def read() -> None:
        with gate.passage():
            inside.release()
            assert leave.wait(120)

    readers = [threading.Thread(target=read) for _ in range(store_gate._OTHERS)]
    for each in readers:
        each.start()
        assert inside.acquire(timeout=120)
    with pytest.raises(StoreDown, match="it is slow"), gate.passage():
        pytest.fail("there was no room")
    with gate.passage(of_mail=True):
        pass
    leave.set()
    for each in readers:
        each.join(120)
    with gate.passage():
        pass


def test_what_it_says_is_a_sentence() -> None:
    error = StoreDown("it did not answer in time")
    assert (error.status, error.strerror) == (503, "it did not answer in time")
    assert str(error) == (
        "The object storage for large messages (MAILSINK_RAW_URL) does not work: "
        "it did not answer in time. Try again later."
    )
