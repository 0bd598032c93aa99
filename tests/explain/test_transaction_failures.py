"""Why a transaction came to nothing: who refused it, or who ended its session."""

from __future__ import annotations

import pytest

from inbox.explain.transaction_failures import failure


@pytest.mark.parametrize(
    ("ending", "with_body", "without"),
    [
        ("dropped", "Disconnected mid-message", "Disconnected"),
        ("timeout", "Timed out mid-message", "Timed out"),
        ("shutdown", "Mailsink stopped mid-message", "Mailsink was stopped"),
        ("refused", "Closed by Mailsink mid-message", "Closed by Mailsink"),
        ("error", "Mailsink failed mid-message", "Mailsink failed: internal error"),
        ("crashed", "Mailsink crashed mid-message", "Mailsink crashed or was killed"),
        (None, "Disconnected mid-message", "Disconnected"),
    ],
)
@pytest.mark.parametrize("code", [None, 421])
def test_a_session_that_ended_rejected_nothing(
    ending: str | None, with_body: str, without: str, code: int | None
) -> None:
    assert failure("abandoned", code, [250, 550], True, ending) == with_body
    assert failure("abandoned", code, [250, 550], False, ending) == without


def test_what_was_refused_before_the_session_ended_is_told() -> None:
    assert failure("abandoned", 550, [550], False, "timeout") == (
        "Recipient rejected (550)"
    )
    assert failure("abandoned", 421, [421], False, "refused") == (
        "Recipient rejected (421)"
    )
    assert failure("rejected", 421, [250], True, "refused") == "Message rejected (421)"
    assert failure("reset", None, [250], True, "timeout") == "Reset by the client"
    assert failure("accepted", 250, [250], True, "quit") == ""


@pytest.mark.parametrize(
    ("rcpt_codes", "words"),
    [
        ([], "Refused: inbox full (552)"),
        ([552], "Recipient rejected: inbox full (552)"),
        ([552, 552], "All recipients rejected: inbox full (552)"),
        ([550, 552], "All recipients rejected (552)"),  # each for its own reason
        ([550, 250], "Message rejected: inbox full (552)"),
    ],
)
def test_the_reason_is_told(rcpt_codes: list[int], words: str) -> None:
    assert failure("rejected", 552, rcpt_codes, False, "quit", "inbox full") == words
