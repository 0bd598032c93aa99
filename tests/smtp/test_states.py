"""The state machine as a table: the code that answers each command in each state.

A row is a command, a column a state, a cell the code that RFC 5321 §4.1.4 and the
extensions' RFCs ask for there.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp import tls_client
from tests.smtp.harness import Session

EHLO = "EHLO client.test"
LHLO = "LHLO client.test"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
AUTH = "AUTH PLAIN AHVzZXIAcGFzcw=="
TLS = "STARTTLS"  # and the handshake

CONTEXT = tls_client.server()

STATES = {
    "fresh": [],
    "helo": ["HELO client.test"],
    "ehlo": [EHLO],
    "auth": [EHLO, AUTH],
    "mail": [EHLO, MAIL],
    "rcpt": [EHLO, MAIL, RCPT],
    "none": [EHLO, MAIL, "RCPT TO:<>"],  # every recipient was refused
    "part": [EHLO, MAIL, RCPT, "RCPT TO:<>"],
    "chunk": [EHLO, MAIL, RCPT, "BDAT 0"],
    "drain": [EHLO, MAIL, "BDAT 0"],  # a chunk was refused
    "kept": [EHLO, MAIL, RCPT, "BDAT 0 LAST"],
    "reset": [EHLO, MAIL, RCPT, "RSET"],
    "tls": [EHLO, TLS],
    "safe": [EHLO, TLS, EHLO],
    # of a listener for LMTP
    "lmtp": [],
    "lhlo": [LHLO],
    "lauth": [LHLO, AUTH],
    "lmail": [LHLO, MAIL],
    "lrcpt": [LHLO, MAIL, RCPT],
    "lnone": [LHLO, MAIL, "RCPT TO:<>"],
    "lchunk": [LHLO, MAIL, RCPT, "BDAT 0"],
}

SMTP = """
                     fresh helo ehlo auth mail rcpt none part chunk drain kept reset tls safe
HELO client.test     250   250  250  250  250  250  250  250  250   250   250  250   250 250
EHLO client.test     250   250  250  250  250  250  250  250  250   250   250  250   250 250
LHLO client.test     500   500  500  500  500  500  500  500  500   500   500  500   500 500
MAIL FROM:<a@b.test> 503   250  250  250  503  503  503  503  503   503   250  250   503 250
RCPT TO:<a@b.test>   503   503  503  503  250  250  250  250  503   503   503  503   503 503
DATA                 503   503  503  503  503  354  554  354  503   503   503  503   503 503
BDAT 0               503   503  503  503  503  250  554  250  250   503   503  503   503 503
BDAT 0 LAST          503   503  503  503  503  250  554  250  250   503   503  503   503 503
RSET                 250   250  250  250  250  250  250  250  250   250   250  250   250 250
NOOP                 250   250  250  250  250  250  250  250  250   250   250  250   250 250
VRFY joe             252   252  252  252  252  252  252  252  252   252   252  252   252 252
EXPN staff           550   550  550  550  550  550  550  550  550   550   550  550   550 550
HELP                 214   214  214  214  214  214  214  214  214   214   214  214   214 214
STARTTLS             503   220  220  220  503  503  503  503  503   503   220  220   503 503
AUTH PLAIN AGEAYg==  503   235  235  503  503  503  503  503  503   503   235  235   503 235
ETRN b.test          503   251  251  251  503  503  503  503  503   503   251  251   503 251
ATRN b.test          503   530  530  453  503  503  503  503  503   503   530  530   503 530
TURN                 503   530  530  453  503  503  503  503  503   503   530  530   503 530
SEND FROM:<a@b.test> 502   502  502  502  502  502  502  502  502   502   502  502   502 502
XCLIENT PORT=7       220   220  220  220  503  503  503  503  503   503   220  220   220 220
XYZZY                500   500  500  500  500  500  500  500  500   500   500  500   500 500
QUIT                 221   221  221  221  221  221  221  221  221   221   221  221   221 221
"""

LMTP = """
                     lmtp lhlo lauth lmail lrcpt lnone lchunk
HELO client.test     500  500  500   500   500   500   500
EHLO client.test     500  500  500   500   500   500   500
LHLO client.test     250  250  250   250   250   250   250
MAIL FROM:<a@b.test> 503  250  250   503   503   503   503
RCPT TO:<a@b.test>   503  503  503   250   250   250   503
DATA                 503  503  503   503   354   503   503
BDAT 0               503  503  503   503   250   503   250
BDAT 0 LAST          503  503  503   503   250   503   250
RSET                 250  250  250   250   250   250   250
NOOP                 250  250  250   250   250   250   250
VRFY joe             252  252  252   252   252   252   252
EXPN staff           550  550  550   550   550   550   550
HELP                 214  214  214   214   214   214   214
STARTTLS             503  220  220   503   503   503   503
AUTH PLAIN AGEAYg==  503  235  503   503   503   503   503
ETRN b.test          502  502  502   502   502   502   502
ATRN b.test          502  502  502   502   502   502   502
TURN                 502  502  502   502   502   502   502
SEND FROM:<a@b.test> 502  502  502   502   502   502   502
XCLIENT PORT=7       220  220  220   503   503   503   503
XYZZY                500  500  500   500   500   500   500
QUIT                 221  221  221   221   221   221   221
"""


def _cells() -> Iterator[tuple[str, str, int]]:
    for table in (SMTP, LMTP):
        head, *rows = table.strip("\n").splitlines()
        for row in rows:
            command, codes = row[:21].rstrip(), row[21:].split()
            for state, code in zip(head.split(), codes, strict=True):
                yield command, state, int(code)


def _in_state(state: str) -> Session:
    profile = Profile(
        protocol="lmtp" if state.startswith("l") else "smtp",
        turn="authenticated",
        xclient_from=(ip_network("192.0.2.0/24"),),
        tls=CONTEXT,
    )
    session = Session(profile)
    session.read()  # the greeting
    for line in STATES[state]:
        session.send(f"{line}\r\n".encode())
        if line == TLS:
            session.secure()
    return session


def test_every_state_has_its_column() -> None:
    assert {state for _, state, _ in _cells()} == STATES.keys()


@pytest.mark.parametrize(("command", "state", "code"), list(_cells()))
def test_each_command_in_each_state(command: str, state: str, code: int) -> None:
    session = _in_state(state)
    lines = session.send(f"{command}\r\n".encode())
    assert {int(line[:3]) for line in lines} == {code}


PROBES = ("RCPT TO:<p@p.test>", "DATA", "BDAT 0", "MAIL FROM:<>", AUTH, "ATRN")


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (command, state)
        for command, state, code in _cells()
        # a chunk that is refused spoils the transaction (RFC 3030 §4.2)
        if code >= 400 and not command.startswith("BDAT")
    ],
)
def test_a_refused_command_leaves_the_state_as_it_was(command: str, state: str) -> None:
    for probe in PROBES:
        touched, untouched = _in_state(state), _in_state(state)
        touched.send(f"{command}\r\n".encode())
        probing = f"{probe}\r\n".encode()
        assert touched.send(probing) == untouched.send(probing)
