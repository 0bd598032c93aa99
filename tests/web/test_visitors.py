"""Connections to the web, and the files of their bodies, share what there is."""

from __future__ import annotations

from mailsink.web.visitors import Visitors


class Visitor:
    dismissed = False

    def dismiss(self) -> None:
        self.dismissed = True


def arrived(visitors: Visitors, number: int) -> list[Visitor]:
    """Have so many come."""
    made = [Visitor() for _ in range(number)]
    assert all(map(visitors.arrive, made))
    return made


def test_the_files_of_a_body_count_as_two() -> None:
    visitors = Visitors(6)
    first, second, third = arrived(visitors, 3)
    for each in (first, second, third):
        visitors.work(each)
    assert visitors.open_files(first)
    assert not visitors.open_files(second)
    assert visitors.arrive(Visitor())
    assert not visitors.open_files(second)
    visitors.close_files(first)
    assert visitors.open_files(second)
    visitors.leave(second)
    assert visitors.open_files(third)


def test_idle_ones_give_way_to_files_but_not_the_one_whose_they_are() -> None:
    visitors = Visitors(3)
    first, second, third = arrived(visitors, 3)
    assert visitors.open_files(first)
    assert not first.dismissed
    assert second.dismissed
    assert third.dismissed
    visitors = Visitors(2)
    [alone] = arrived(visitors, 1)
    assert not visitors.open_files(alone)
    assert not alone.dismissed
