"""What the parameters of MAIL and RCPT ask for, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.explain.envelope_parameters import asked
from inbox.explain.lines import details
from mailsink.smtp.commands.parameters import PARAMETERS
from tests.explain.rows import an_exchange


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("MAIL FROM:<a@b>", []),
        ("MAIL FROM:<> SIZE=1200", ["SIZE: the message has 1,200 bytes (RFC 1870)."]),
        (
            "MAIL FROM:<a@b> ret=HDRS ENVID=e+2B1",
            [
                "RET: a failure report must return only the header (RFC 3461 §4.3).",
                "ENVID: reports must name this transaction “e+1” (RFC 3461 §4.4).",
            ],
        ),
        (
            "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A+2BC@d",
            [
                "NOTIFY: only reports on success and failure are wanted "
                "(RFC 3461 §4.1).",
                "ORCPT: the mail was first addressed to A+C@d (RFC 3461 §4.2).",
            ],
        ),
        (
            "MAIL FROM:<a@b> BY=300;RT",
            [
                "BY: the message must be returned if it is not delivered within 5:00 min; "
                "each relay must report (RFC 2852 §4)."
            ],
        ),
        (
            "MAIL FROM:<a@b> BY=-1;n",
            [
                "BY: the sender must be notified if the message is not delivered by "
                "now (RFC 2852 §4)."
            ],
        ),
        (
            "MAIL FROM:<a@b> HOLDFOR=172800 MT-PRIORITY=-3",
            [
                "HOLDFOR: the message must be held back for 2 days (RFC 4865).",
                "MT-PRIORITY: a priority below the usual one, from -9 to 9 (RFC 6710).",
            ],
        ),
        ('MAIL FROM:<"a RET=FULL "@b>', []),
        (
            'MAIL FROM:<"a RET=FULL "@b> AUTH=<> SMTPUTF8',
            [
                "AUTH: the client does not say who submitted the message (RFC 4954 §5).",
                "SMTPUTF8: addresses and header may contain more than ASCII (RFC 6531).",
            ],
        ),
        ("MAIL FROM:<a@b> RET=X BY=1 NOTIFY=A,B ENVID=+ SIZE=x FOO=1 BODY=9 =", []),
    ],
)
def test_what_parameters_ask_for(line: str, words: list[str]) -> None:
    told = dict(details(an_exchange(verb=line[:4], line=line)))
    assert told.get("Asks for", []) == words


def test_every_parameter_has_words() -> None:
    for verb, known in PARAMETERS.items():
        for keyword, parameter in known.items():
            value = EXAMPLES.get(keyword, parameter.syntax.partition("=")[2])
            line = f"{verb} X:<a@b> {keyword}{'=' if value else ''}{value}"
            (sentence,) = asked(line)
            assert sentence.startswith(f"{keyword}: ")
            assert sentence.endswith((").", "."))


EXAMPLES = {
    "SIZE": "1",
    "BODY": "BINARYMIME",
    "AUTH": "a+2Bb@c",
    "RET": "FULL",
    "BY": "1;N",
    "MT-PRIORITY": "0",
    "HOLDFOR": "1",
    "NOTIFY": "NEVER",
    "ORCPT": "utf-8;é@b",
}


@given(st.text(max_size=40))
def test_no_line_breaks_the_words(text: str) -> None:
    keywords = (*PARAMETERS["MAIL"], *PARAMETERS["RCPT"])
    asked(" ".join(f"{keyword}={text}" for keyword in keywords))


def test_parameters_with_bad_values_ask_for_nothing() -> None:
    line = "MAIL FROM:<a@b> HOLDFOR=-1"
    assert "Asks for" not in dict(
        details(an_exchange(verb="MAIL", line=line, code=501))
    )
