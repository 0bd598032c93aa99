from __future__ import annotations

import threading

from inbox.storage.write_lock import _Turns


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns = _Turns()
    served: list[int] = []

    def writer(number: int) -> None:
        with turns:
            served.append(number)

    with turns:
        threads = []
        for number in range(20):
            thread = threading.Thread(target=writer, args=[number])
            thread.start()
            threads.append(thread)
            while len(turns._waiting) <= number:
                pass
        assert served == []
    for thread in threads:
        thread.join(5)
    assert served == list(range(20))


def test_one_who_comes_back_at_once_goes_behind_those_who_wait() -> None:
    turns = _Turns()
    served: list[str] = []

    def patient() -> None:
        with turns:
            served.append("patient")

    with turns:
        thread = threading.Thread(target=patient)
        thread.start()
        while not turns._waiting:
            pass
    with turns:
        served.append("busy")
    thread.join(5)
    assert served == ["patient", "busy"]
