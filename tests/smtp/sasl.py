"""The client's side of the SASL mechanisms, written from the RFCs alone."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

from mailsink.ports import Verifier
from tests.smtp.harness import Session


def b64(octets: bytes) -> str:
    return b64encode(octets).decode()


def respond(session: Session, octets: bytes) -> str:
    """Send a response; return the reply, which is one line."""
    (line,) = session.send(b64encode(octets) + b"\r\n")
    return line


def challenge(line: str) -> bytes:
    """Return what a 334 asks."""
    assert line.startswith("334 "), line
    return b64decode(line[4:], validate=True)


def start(session: Session, mechanism: str, initial: bytes | None = None) -> str:
    """Send AUTH; return the reply, which is one line."""
    words = ["AUTH", mechanism] + ([] if initial is None else [b64(initial) or "="])
    (line,) = session.send(" ".join(words).encode() + b"\r\n")
    return line


def cram_md5(session: Session, user: bytes, password: bytes) -> str:
    """Log in by CRAM-MD5 (RFC 2195); return the last reply."""
    asked = challenge(start(session, "CRAM-MD5"))
    digest = hmac.new(password, asked, "md5").hexdigest().encode()
    return respond(session, user + b" " + digest)


def xoauth2(session: Session, user: bytes, token: bytes) -> str:
    response = b"user=%s\x01auth=Bearer %s\x01\x01" % (user, token)
    return start(session, "XOAUTH2", response)


def oauthbearer(session: Session, user: bytes, token: bytes) -> str:
    """RFC 7628 §3.1; the header's name has its commas and equals signs escaped."""
    name = user.replace(b"=", b"=3D").replace(b",", b"=2C")
    response = b"n,a=%s,\x01host=mx.test\x01auth=Bearer %s\x01\x01" % (name, token)
    return start(session, "OAUTHBEARER", response)


def plain(session: Session, user: bytes, password: bytes) -> str:
    return start(session, "PLAIN", b"\0%s\0%s" % (user, password))


def login(session: Session, user: bytes, password: bytes) -> str:
    start(session, "LOGIN", user)
    return respond(session, password)


class Scram:
    """One login by SCRAM-SHA-256 (RFC 5802 §5)."""

    def __init__(
        self,
        user: bytes,
        password: bytes,
        nonce: bytes = b"fyko+d2",
        header: bytes = b"n,,",
    ) -> None:
        name = user.replace(b"=", b"=3D").replace(b",", b"=2C")
        self.password = password
        self.bare = b"n=%s,r=%s" % (name, nonce)
        self.header = header
        self.first = header + self.bare
        self.signature = b""  # by which the server has to prove itself

    def final(self, server_first: bytes) -> bytes:
        """Return the answer to the server's nonce, salt and iterations."""
        said = dict(part.split(b"=", 1) for part in server_first.split(b","))
        salted = _salted(self.password, b64decode(said[b"s"]), int(said[b"i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = b"c=" + b64encode(self.header) + b",r=" + said[b"r"]
        signed = b",".join((self.bare, server_first, without_proof))
        stored_key = hashlib.sha256(client_key).digest()
        client_signature = hmac.digest(stored_key, signed, "sha256")
        pairs = zip(client_key, client_signature, strict=True)
        proof = bytes(ours ^ theirs for ours, theirs in pairs)
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        self.signature = hmac.digest(server_key, signed, "sha256")
        return without_proof + b",p=" + b64encode(proof)


def scram(session: Session, user: bytes, password: bytes) -> str:
    """Log in by SCRAM-SHA-256; return the last reply. The server has to prove itself."""
    client = Scram(user, password)
    answer = start(session, "SCRAM-SHA-256", client.first)
    answer = respond(session, client.final(challenge(answer)))
    if answer.startswith("334"):
        assert challenge(answer) == b"v=" + b64encode(client.signature)
        (answer,) = session.send(b"\r\n")
    return answer


def verifier(
    password: bytes, salt: bytes = b"0123456789abcdef", iterations: int = 4096
) -> Verifier:
    """Return what a server keeps of a password for SCRAM (RFC 5802 §3)."""
    salted = _salted(password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    return Verifier(salt, iterations, stored_key, server_key)


def _salted(password: bytes, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
