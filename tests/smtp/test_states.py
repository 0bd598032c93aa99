"""The state machine as a table: the code that answers each command in each state.

A row is a command, a column a state, a cell the code that RFC 5321 §4.1.4 and the
extensions' RFCs ask for there. The table in the code (`COMMANDS`, by `needs`) is held
to these cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from mailsink.smtp.commands import needs
from mailsink.smtp.commands.needs import Need
from mailsink.smtp.commands.table import COMMANDS
from mailsink.smtp.profile import Profile
from tests.smtp import tls_client
from tests.smtp.harness import Session

EHLO = "EHLO client.test"
LHLO = "LHLO client.test"
MAIL = "MAIL FROM:<a@example.com>"
BINARY = f"{MAIL} BODY=BINARYMIME"
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
    "stored": [EHLO, MAIL, RCPT, "BDAT 0 LAST"],
    "reset": [EHLO, MAIL, RCPT, "RSET"],
    "tls": [EHLO, TLS],
    "safe": [EHLO, TLS, EHLO],
    "binary": [EHLO, BINARY, RCPT],
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
                     fresh helo ehlo auth mail rcpt none part chunk drain stored reset tls safe binary
HELO client.test     250   250  250  250  250  250  250  250  250   250   250  250   250 250  250
EHLO client.test     250   250  250  250  250  250  250  250  250   250   250  250   250 250  250
LHLO client.test     500   500  500  500  500  500  500  500  500   500   500  500   500 500  500
MAIL FROM:<a@b.test> 503   250  250  250  503  503  503  503  503   503   250  250   503 250  503
RCPT TO:<a@b.test>   503   503  503  503  250  250  250  250  503   503   503  503   503 503  250
DATA                 503   503  503  503  503  354  554  354  503   503   503  503   503 503  503
BDAT 0               503   503  503  503  503  250  554  250  250   503   503  503   503 503  250
BDAT 0 LAST          503   503  503  503  503  250  554  250  250   503   503  503   503 503  250
RSET                 250   250  250  250  250  250  250  250  250   250   250  250   250 250  250
NOOP                 250   250  250  250  250  250  250  250  250   250   250  250   250 250  250
VRFY joe             252   252  252  252  252  252  252  252  252   252   252  252   252 252  252
EXPN staff           550   550  550  550  550  550  550  550  550   550   550  550   550 550  550
HELP                 214   214  214  214  214  214  214  214  214   214   214  214   214 214  214
STARTTLS             503   220  220  220  503  503  503  503  503   503   220  220   503 503  503
AUTH PLAIN AGEAYg==  503   235  235  503  503  503  503  503  503   503   235  235   503 235  503
ETRN b.test          503   251  251  251  503  503  503  503  503   503   251  251   503 251  503
ATRN b.test          503   530  530  453  503  503  503  503  503   503   530  530   503 530  503
TURN                 503   530  530  502  503  503  503  503  503   503   530  530   503 530  503
SEND FROM:<a@b.test> 502   502  502  502  502  502  502  502  502   502   502  502   502 502  502
XCLIENT PORT=7       220   220  220  220  503  503  503  503  503   503   220  220   220 220  503
XYZZY                500   500  500  500  500  500  500  500  500   500   500  500   500 500  500
QUIT                 221   221  221  221  221  221  221  221  221   221   221  221   221 221  221
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


# What the needs of the table are called, and the codes of those that are not met.
CODES = {
    needs.HELLO: {503},
    needs.EXTENDED_HELLO: {503},
    needs.TRANSACTION: {503},
    needs.NO_TRANSACTION: {503},
    needs.RECIPIENT: {503, 554},
    needs.NO_CHUNK: {503},
    needs.NOT_FAILED: {503},
    needs.NOT_BINARY: {503},
    needs.LOGIN: {530},
    needs.LOGIN_FOR_TURN: {530},
    needs.NO_LOGIN: {503},
    needs.NO_TLS: {503},
}
OUT_OF_ORDER = {503, 530, 554}


def _met(state: str) -> set[Need]:
    """Return the needs that are met in a state, going by the lines that led there."""
    met = {needs.NO_TRANSACTION, needs.NO_LOGIN, needs.NO_TLS, needs.NOT_BINARY}
    met |= {needs.NO_CHUNK, needs.NOT_FAILED}
    for line in STATES[state]:
        match line:
            case "HELO client.test":
                met |= {needs.HELLO}
            case str() if line in (EHLO, LHLO):
                met |= {needs.HELLO, needs.EXTENDED_HELLO}
            case str() if line == TLS:
                met -= {needs.HELLO, needs.EXTENDED_HELLO, needs.NO_TLS}
            case str() if line == AUTH:
                met -= {needs.NO_LOGIN}
                met |= {needs.LOGIN, needs.LOGIN_FOR_TURN}
            case str() if line in (MAIL, BINARY):
                met |= {needs.TRANSACTION}
                met -= {needs.NO_TRANSACTION}
                met -= {needs.NOT_BINARY} if line == BINARY else set()
            case str() if line == RCPT:
                met |= {needs.RECIPIENT}
            case "BDAT 0":
                met -= {needs.NO_CHUNK}
                met -= set() if needs.RECIPIENT in met else {needs.NOT_FAILED}
            case "BDAT 0 LAST" | "RSET":
                met -= {needs.TRANSACTION, needs.RECIPIENT}
                met |= {needs.NO_TRANSACTION, needs.NO_CHUNK}
    return met


@pytest.mark.parametrize(("command", "state", "code"), list(_cells()))
def test_the_needs_of_the_table_say_so(command: str, state: str, code: int) -> None:
    verb = command.partition(" ")[0]
    if verb not in COMMANDS or code in (500, 502):  # not spoken on this listener
        return
    met = _met(state)
    missing = [need for need in COMMANDS[verb].needs if need not in met]
    assert code in CODES[missing[0]] if missing else code not in OUT_OF_ORDER


def test_every_verb_has_its_row_and_every_need_its_code() -> None:
    rows = {command.partition(" ")[0] for command, _, _ in _cells()}
    assert COMMANDS.keys() <= rows
    assert CODES.keys() == {each for each in vars(needs).values() if type(each) is Need}
    assert {each for one in COMMANDS.values() for each in one.needs} == CODES.keys()


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
