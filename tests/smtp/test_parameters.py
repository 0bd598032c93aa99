"""The parameters of MAIL and RCPT: what is told of them, and what no value may do."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailsink.ports import GO_ON, Consult, Decision
from mailsink.smtp.commands.extensions import EXTENSIONS
from mailsink.smtp.commands.parameters import PARAMETERS
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.events import RecipientAnswered, TransactionStarted
from mailsink.smtp.protocol.replies import Reply
from tests.smtp.harness import Session, ready

KEYWORDS = [(verb, keyword) for verb, known in PARAMETERS.items() for keyword in known]


def _line(verb: str, parameters: str) -> bytes:
    prefix = "MAIL FROM" if verb == "MAIL" else "MAIL FROM:<>\r\nRCPT TO"
    return f"{prefix}:<a@b> {parameters}\r\n".encode()


def test_values_are_told_as_they_came() -> None:
    session = ready()
    session.send(b"MAIL FROM:<a@b> ret=Hdrs ENVID=aBc+2B by=+60;n\r\n")
    session.send(b"RCPT TO:<c@d> ORCPT=RFC822;C@D notify=Never\r\n")
    (started,) = session.told(TransactionStarted)
    assert started.parameters == "ret=Hdrs ENVID=aBc+2B by=+60;n"
    (answered,) = session.told(RecipientAnswered)
    assert answered.parameters == "ORCPT=RFC822;C@D notify=Never"


def test_a_policy_may_judge_by_the_parameters_of_mail() -> None:
    paused = Reply(455, "4.2.1", ("Not now",))

    def decide(consult: Consult) -> Decision:
        return Decision(paused) if "BY=" in str(consult.facts["parameters"]) else GO_ON

    session = ready(stages=frozenset({"mail"}), decide=decide)
    assert session.send(b"MAIL FROM:<a@b> BY=60;R\r\n") == ["455 4.2.1 Not now"]
    assert session.send(b"MAIL FROM:<a@b>\r\n") == ["250 2.1.0 Sender ok"]


@pytest.mark.parametrize(("verb", "keyword"), KEYWORDS)
def test_every_parameter_belongs_to_an_extension(verb: str, keyword: str) -> None:
    extension = PARAMETERS[verb][keyword].extension
    session = ready(
        profile=Profile(submission=True, hidden=frozenset(EXTENSIONS) - {"8BITMIME"})
    )
    if extension != "8BITMIME":
        line = _line(verb, f"{keyword}=1")
        assert session.send(line)[-1].startswith(f"555 The parameter {keyword}")


@given(st.sampled_from(KEYWORDS), st.text(max_size=30), st.booleans())
@example(("MAIL", "HOLDUNTIL"), "9999-12-31T23:59:59-23:59", True)
@example(("MAIL", "HOLDUNTIL"), "0001-01-01T00:00:00+23:59", True)
@example(("MAIL", "SIZE"), "9" * 5000, True)
@example(("MAIL", "BY"), "9" * 5000 + ";N", True)
@example(("MAIL", "SIZE"), "\u0661", True)
@example(("RCPT", "ORCPT"), "utf-8;\u0661", True)
def test_no_value_does_harm(
    parameter: tuple[str, str], value: str, international: bool
) -> None:
    verb, keyword = parameter
    session = ready(profile=Profile(submission=True))
    value = "".join(each for each in value if each > " ")
    smtputf8 = " SMTPUTF8" if international and verb == "MAIL" else ""
    *_, reply = session.send(_line(verb, f"{keyword}={value}{smtputf8}"))
    assert reply[:3] in ("250", "501", "552", "452", "555")
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_mail_has_its_time_when_it_comes_not_when_the_session_began() -> None:
    session = ready(profile=Profile(submission=True, idle_timeout=0))
    line = b"MAIL FROM:<a@b> HOLDUNTIL=2023-11-14T22:13:30Z\r\n"  # opened 22:13:20
    session.now = 9.0
    assert session.send(line) == ["250 2.1.0 Sender ok"]
    session.send(b"RSET\r\n")
    session.now = 10.0
    assert session.send(line) == ["501 5.5.4 The time of HOLDUNTIL is past"]
    assert "250-FUTURERELEASE 2592000 2023-12-14T22:13:30Z" in session.send(
        b"EHLO x\r\n"
    )


def test_hidden_mechanisms_hide_no_extension() -> None:
    session = Session(Profile(hidden=frozenset({"PLAIN"})))
    lines = session.send(b"EHLO x\r\n")
    assert any(line[4:].startswith("AUTH ") for line in lines)
    assert not any(" PLAIN" in line for line in lines)
