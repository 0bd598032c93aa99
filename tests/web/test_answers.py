"""Answers together have room up to a limit; who takes nothing for longest gives up."""

from __future__ import annotations

from mailsink.web.answers import Answers


class Client:
    gave_up = False

    def give_up(self) -> None:
        self.gave_up = True


def test_the_client_that_took_nothing_for_longest_gives_up() -> None:
    answers, (first, second, third) = Answers(most=100), (Client(), Client(), Client())
    answers.hold(first, 50)
    answers.hold(second, 50)
    answers.hold(first, 50)  # it took a piece
    answers.hold(third, 50)
    assert [each.gave_up for each in (first, second, third)] == [False, True, False]


def test_what_was_taken_leaves_room() -> None:
    answers, (first, second, third) = Answers(most=100), (Client(), Client(), Client())
    answers.hold(first, 50)
    answers.hold(second, 50)
    answers.let_go(first)
    answers.let_go(first)
    answers.hold(third, 50)
    assert not any(each.gave_up for each in (first, second, third))


def test_an_answer_that_is_alone_may_be_larger() -> None:
    answers, first, second = Answers(most=100), Client(), Client()
    answers.hold(first, 300)
    assert not first.gave_up
    answers.hold(second, 10)
    assert first.gave_up
    assert not second.gave_up
