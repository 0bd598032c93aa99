"""SCRAM-SHA-256 (RFC 5802, RFC 7677), with the library scramp.

Neither side sends the password, and each proves to the other that it knows it. The
server needs a verifier for that. Our own proof is not recorded, as passwords could be
tried against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from scramp import ScramException, ScramMechanism
from scramp.core import ScramServer
from scramp.utils import ServerError

from mailsink.ports import Verifier
from mailsink.smtp.commands.sasl.dialogue import Dialogue
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from mailsink.smtp.session.effects import LookUpVerifier, Refusal, Steps

_SHA_256 = ScramMechanism("SCRAM-SHA-256")
# The client's first message (RFC 5802 §7): a GS2 header with the authorization id, then
# the rest, which scramp parses. SASLprep takes long for a long name; a long nonce is
# sent back, and must fit into a reply.
_FIRST = re.compile(
    rb"(([^,]{1,255}),(?:a=([^,]{1,255}))?,)(n=([^,]{1,255}),r=[^,]{1,255}(?:,.*)?)",
    re.S,
)
_SASLNAME = re.compile(rb"(?:[^=]|=2C|=3D)+")
_FIRST_FORM = "first comes n,,n=user,r=nonce, up to 255 octets each"
_FINAL_FORM = "then comes c=biws,r=both nonces,p=proof"
_BAD_AUTHZID = replies.bad_scram("a= takes a name, with = written =3D and a comma =2C")

_REFUSALS: dict[ServerError | None, Reply] = {
    ServerError.INVALID_PROOF: replies.AUTH_FAILED,
    ServerError.CHANNEL_BINDING_NOT_SUPPORTED: replies.bad_scram(
        "channel binding is not offered"
    ),
    ServerError.INVALID_USERNAME_ENCODING: replies.bad_scram(
        "the user name holds what SASLprep forbids, or a bare ="
    ),
    ServerError.CHANNEL_BINDINGS_DONT_MATCH: replies.bad_scram(
        "c= is not the base64 of the header that began the first message"
    ),
}


class _Header(NamedTuple):
    """The GS2 header as received: c= of the final message must repeat it.

    It replaces scramp's own header, which has no authorization id.
    """

    octets: bytes

    def make_cbind_input(self, binding: object) -> bytes:
        return self.octets


def scram_sha_256(dialogue: Dialogue) -> Steps[None]:
    """RFC 5802 §5: two messages from each side, then the client's empty last response.

    The authorization identity (the user that the client wants to act for) is ignored.
    """
    match = _FIRST.fullmatch((yield from dialogue.first()))
    if match is None:
        raise Refusal(replies.bad_scram(_FIRST_FORM))
    header, binding, on_behalf_of, bare, name = match.groups()
    if on_behalf_of is not None and not _SASLNAME.fullmatch(on_behalf_of):
        raise Refusal(_BAD_AUTHZID)
    username = unescaped(name)
    dialogue.identify(username)
    verifier: Verifier = yield LookUpVerifier(username)
    server = _begun(verifier, header, binding + b",," + bare)
    challenge = server.get_server_first().encode()
    final = yield from dialogue.ask(challenge)
    try:
        _take(server.set_client_final, final, _FINAL_FORM)
    except Refusal as refusal:
        old = verifier.previous
        if old is None or refusal.reply is not replies.AUTH_FAILED:
            raise
        server = _begun(old, header, binding + b",," + bare, str(server.s_nonce))
        server.get_server_first()  # the same: salt and iterations are
        _take(server.set_client_final, final, _FINAL_FORM)
    proof = server.get_server_final().encode()
    if (yield from dialogue.ask(proof, private=True)):
        raise Refusal(replies.bad_scram("the last response is empty"))


def _begun(
    verifier: Verifier, header: bytes, first: bytes, nonce: str | None = None
) -> ScramServer:
    """Return a server that has read the client's first message. nonce: the server's."""
    known = (
        verifier.salt,
        verifier.stored_key,
        verifier.server_key,
        verifier.iterations,
    )
    server: ScramServer = _SHA_256.make_server(lambda _: known, s_nonce=nonce)
    _take(server.set_client_first, first, _FIRST_FORM)
    server.gs2_header = _Header(header)
    return server


def _take(step: Callable[[str], None], message: bytes, form: str) -> None:
    """Pass a message of the client to scramp; raises Refusal, which names the form."""
    try:
        step(message.decode())
    except UnicodeDecodeError:
        reply = replies.bad_scram("it is not UTF-8")
    except ScramException as error:
        reply = _REFUSALS.get(error.server_error) or replies.bad_scram(form)
    else:
        return
    raise Refusal(reply)


def unescaped(saslname: bytes) -> bytes:
    """Return a name with =2C and =3D decoded (RFC 5802 §5.1, RFC 5801 §4)."""
    return saslname.replace(b"=2C", b",").replace(b"=3D", b"=")
