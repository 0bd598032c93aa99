"""Each SASL mechanism, between the engine and a client made from its RFC."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.ports import Credentials, KeyedDigest
from tests.smtp import sasl
from tests.smtp.harness import Session, ready

OK = "235 2.7.0 Authentication successful"
FAILED = "535 5.7.8 Authentication credentials invalid"
PASSWORD = b"s3cret"

Login = Callable[[Session, bytes, bytes], str]
LOGINS: dict[str, Login] = {
    "PLAIN": sasl.plain,
    "LOGIN": sasl.login,
    "CRAM-MD5": sasl.cram_md5,
    "SCRAM-SHA-256": sasl.scram,
    "XOAUTH2": sasl.xoauth2,
    "OAUTHBEARER": sasl.oauthbearer,
}
BY_TOKEN = ("XOAUTH2", "OAUTHBEARER")


def guarded(password: bytes = PASSWORD) -> Session:
    """A session in which joe has a password."""

    def judge(credentials: Credentials) -> bool:
        return credentials.username == b"joe" and credentials.proves(password)

    return ready(credentials=judge, verifier=lambda user: sasl.verifier(password))


@pytest.mark.parametrize("mechanism", LOGINS)
def test_a_good_login(mechanism: str) -> None:
    session = guarded()
    assert LOGINS[mechanism](session, b"joe", PASSWORD) == OK
    assert session.changes() == {
        "helo": "client.test",
        "protocol": "ESMTPA",
        "auth_mechanism": mechanism,
        "auth_username": "joe",
    }
    assert session.machine.session.user == "joe"
    assert {each.opened.kind for each in session.exchanges[2:]} == {"auth"}
    shown = "auth_plaintext" in session.exchanges[2].flags
    assert shown == (mechanism not in ("CRAM-MD5", "SCRAM-SHA-256"))


@pytest.mark.parametrize("mechanism", LOGINS)
@pytest.mark.parametrize("password", [b"", b"S3cret", b"s3cret "])
def test_a_wrong_password(mechanism: str, password: bytes) -> None:
    session = guarded()
    reply = LOGINS[mechanism](session, b"joe", password)
    if mechanism in BY_TOKEN:
        assert json.loads(sasl.challenge(reply))["status"] == "invalid_token"
        (reply,) = session.send(b"AQ==\r\n")
    assert reply == FAILED
    assert session.machine.session.user is None
    assert session.changes()["auth_username"] == "joe"
    assert session.changes()["protocol"] == "ESMTP"
    assert LOGINS[mechanism](session, b"joe", PASSWORD) == OK


@pytest.mark.parametrize("mechanism", BY_TOKEN)
@pytest.mark.parametrize(
    ("last_word", "reply"),
    [(b"", FAILED), (b"AQ==", FAILED), (b"*", "501 5.7.0 Authentication cancelled")],
)
def test_the_last_word_of_who_has_a_bad_token(
    mechanism: str, last_word: bytes, reply: str
) -> None:
    session = guarded()
    LOGINS[mechanism](session, b"joe", b"expired")
    assert session.send(last_word + b"\r\n") == [reply]
    assert session.machine.session.user is None


@pytest.mark.parametrize("mechanism", [each for each in LOGINS if "SCRAM" not in each])
def test_any_login_where_none_is_known(mechanism: str) -> None:
    assert LOGINS[mechanism](ready(), b"who", b"ever") == OK


@pytest.mark.parametrize("mechanism", LOGINS)
def test_a_user_name_of_many_kinds_of_octets(mechanism: str) -> None:
    user = "zoë=a,b c".encode()
    session = ready(
        credentials=lambda offered: offered.username == user,
        verifier=lambda name: sasl.verifier(PASSWORD if name == user else b"?"),
    )
    assert LOGINS[mechanism](session, user, PASSWORD) == OK
    assert session.changes()["auth_username"] == "zoë=a,b c"


def test_the_digest_of_rfc_2195() -> None:
    digest = bytes.fromhex("b913a602c7eda7a495b4e6e7334d3890")
    asked = b"<1896.697170952@postoffice.reston.mci.net>"
    proof = KeyedDigest("CRAM-MD5", b"tim", asked, digest)
    assert proof.proves(b"tanstaaftanstaaf")
    assert not proof.proves(b"tanstaaf")


def test_a_challenge_of_cram_md5_is_a_message_id_and_never_the_same() -> None:
    session = ready()
    challenges = []
    for _ in range(2):
        challenges.append(sasl.challenge(sasl.start(session, "CRAM-MD5")))
        session.send(b"*\r\n")
    assert re.fullmatch(rb"<\d+\.1700000000@mx\.test>", challenges[0])
    assert challenges[0] != challenges[1]


def test_a_digest_of_cram_md5_fits_its_own_challenge_only() -> None:
    session = guarded()
    asked = sasl.challenge(sasl.start(session, "CRAM-MD5"))
    session.send(b"*\r\n")
    sasl.start(session, "CRAM-MD5")
    late = hmac.new(PASSWORD, asked, "md5").hexdigest().encode()
    assert sasl.respond(session, b"joe " + late) == FAILED


SCRAM_REFUSED = {
    "nothing": (b"", "first comes n,,n=user,r=nonce, up to*"),
    "no header": (b"n=joe,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "no user": (b"n,,n=,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "no nonce": (b"n,,n=joe,", "first comes n,,n=user,r=nonce, up to*"),
    "a long user": (b"n,,n=" + b"j" * 256 + b",r=abc", "first comes *255 octets each"),
    "a long nonce": (b"n,,n=joe,r=" + b"j" * 256, "first comes *255 octets each"),
    "a must": (b"n,,m=x,n=joe,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "binding": (b"p=tls-unique,,n=joe,r=abc", "channel binding is not offered"),
    "binding, on behalf": (b"p=tls-unique,a=x,n=joe,r=abc", "channel binding is not *"),
    "another letter": (b"x,,n=joe,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "nobody to act for": (b"n,a=,n=joe,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "no a=": (b"n,joe,n=joe,r=abc", "first comes n,,n=user,r=nonce, up to*"),
    "a bare = to act for": (
        b"n,a=j=oe,n=joe,r=abc",
        "a= takes a name, with = written*",
    ),
    "a long id": (
        b"n,a=" + b"j" * 256 + b",n=joe,r=abc",
        "first comes *255 octets each",
    ),
    "a bare =": (b"n,,n=jo=e,r=abc", "the user name holds what SASLprep forbids*"),
    "a control": (b"n,,n=joe\n,r=abc", "the user name holds what SASLprep forbids*"),
    "not UTF-8": (b"n,,n=jo\xff,r=abc", "it is not UTF-8"),
}


@pytest.mark.parametrize("name", SCRAM_REFUSED)
def test_a_first_message_of_scram_that_is_refused(name: str) -> None:
    message, why = SCRAM_REFUSED[name]
    reply = sasl.start(guarded(), "SCRAM-SHA-256", message)
    expected = re.escape(f"501 5.5.2 SCRAM message refused: {why}").replace(r"\*", ".*")
    assert re.match(expected, reply), reply


@pytest.mark.parametrize(
    "change",
    [
        lambda final: final.replace(b"c=biws", b"c=eSws"),  # another header
        lambda final: final.replace(b"r=fyko", b"r=xxxx"),  # another nonce
        lambda final: final.replace(b",p=", b",x="),
        lambda final: final[: final.index(b",p=")],
        lambda final: b"\xff" + final,
        lambda final: b"",
    ],
)
def test_a_final_message_of_scram_that_is_refused(
    change: Callable[[bytes], bytes],
) -> None:
    session, client = guarded(), sasl.Scram(b"joe", PASSWORD)
    reply = sasl.start(session, "SCRAM-SHA-256", client.first)
    final = change(client.final(sasl.challenge(reply)))
    assert sasl.respond(session, final).startswith("501 5.5.2 SCRAM message refused: ")
    assert session.machine.session.user is None


@pytest.mark.parametrize("proof", [b"AAAA", b64encode(bytes(32))])
def test_a_proof_of_scram_that_does_not_fit(proof: bytes) -> None:
    session, client = guarded(), sasl.Scram(b"joe", PASSWORD)
    reply = sasl.start(session, "SCRAM-SHA-256", client.first)
    final = client.final(sasl.challenge(reply))
    final = final[: final.index(b",p=")] + b",p=" + proof
    assert sasl.respond(session, final) == FAILED


@pytest.mark.parametrize(
    "header", [b"n,a=joe,", b"y,,", b"y,a=ann=2Csmith=3D2C,", "n,a=zoë,".encode()]
)
def test_scram_on_behalf_of_another(header: bytes) -> None:
    session, client = guarded(), sasl.Scram(b"joe", PASSWORD, header=header)
    reply = sasl.start(session, "SCRAM-SHA-256", client.first)
    reply = sasl.respond(session, client.final(sasl.challenge(reply)))
    assert sasl.challenge(reply) == b"v=" + b64encode(client.signature)
    assert session.send(b"\r\n") == [OK]
    assert session.changes()["auth_username"] == "joe"


@pytest.mark.parametrize("other", [b"n,,", b"n,a=ann,", b"y,a=joe,"])
def test_the_final_message_repeats_the_authorization_id(other: bytes) -> None:
    session, client = guarded(), sasl.Scram(b"joe", PASSWORD, header=b"n,a=joe,")
    reply = sasl.start(session, "SCRAM-SHA-256", client.first)
    client.header = other
    reply = sasl.respond(session, client.final(sasl.challenge(reply)))
    assert reply.startswith("501 5.5.2 SCRAM message refused: c= is not the base64")
    assert session.machine.session.user is None


def test_the_longest_name_and_nonce_of_scram() -> None:
    session = ready(verifier=lambda user: sasl.verifier(PASSWORD))
    client = sasl.Scram("ﷺ".encode() * 85, PASSWORD, b"n" * 255)
    reply = sasl.start(session, "SCRAM-SHA-256", client.first)
    final = client.final(sasl.challenge(reply))
    assert sasl.respond(session, final).startswith("334 ")
    assert session.send(b"\r\n") == [OK]


def test_scram_prompted_and_the_last_response_not_empty() -> None:
    session, client = guarded(), sasl.Scram(b"joe", PASSWORD)
    assert sasl.start(session, "SCRAM-SHA-256") == "334 "
    final = client.final(sasl.challenge(sasl.respond(session, client.first)))
    assert sasl.respond(session, final).startswith("334 ")
    assert sasl.respond(session, b"thanks").startswith("501 5.5.2 SCRAM")
    assert session.machine.session.user is None


def test_the_proof_of_the_server_is_masked() -> None:
    session = guarded()
    sasl.scram(session, b"joe", PASSWORD)
    replies = [each.replied.reply for each in session.exchanges[2:] if each.replied]
    assert replies[0][0].startswith("334 cj1meWtv")  # r=fyko
    assert replies[1:] == [("334 ********",), (OK,)]


MARK = b"Zq9x"
SECRETS = st.binary(min_size=6).map(lambda tail: MARK + tail)
NAMES = st.text("joe zoë,=", min_size=1).map(str.encode)


@given(SECRETS, NAMES, st.sampled_from([*LOGINS]), st.booleans())
def test_no_secret_is_ever_told(
    secret: bytes, user: bytes, mechanism: str, good: bool
) -> None:
    secret = secret.translate(None, b"\0\x01")
    said: list[bytes] = []
    session = ready(
        credentials=lambda offered: good,
        verifier=lambda name: sasl.verifier(secret if good else b"other"),
    )
    send = session.send

    def listen(octets: bytes) -> list[str]:
        said.extend(octets.split()[2:] if b"AUTH" in octets else [octets.strip()])
        return send(octets)

    session.send = listen  # type: ignore[method-assign]
    LOGINS[mechanism](session, user, secret)
    session.send(b"*\r\n")
    told = repr(session.events)
    assert MARK.decode() not in told
    for response in said:
        assert len(response) < 8 or response.decode() not in told


@given(st.sampled_from([*LOGINS]), st.lists(st.binary(max_size=80), max_size=4))
def test_whatever_a_client_responds_is_answered(
    mechanism: str, responses: list[bytes]
) -> None:
    session = guarded()
    reply = sasl.start(session, mechanism)
    for response in responses:
        if not reply.startswith("334"):
            break
        reply = sasl.respond(session, response)
    assert reply[:3] in {"334", "235", "501", "535"}


PIECES = [b"n,", b"y,", b",", b"a=", b"n=", b"r=", b"joe", b"=2C", b"\x01", b"auth=",
          b"Bearer ", b"user=", b"p=", b"c=biws", b"m=", b"=", "é".encode(), b"\xff"]  # fmt: skip


@given(
    st.sampled_from(["SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"]),
    st.lists(st.sampled_from(PIECES)).map(b"".join),
    st.lists(st.sampled_from(PIECES)).map(b"".join),
)
def test_almost_right_messages_are_answered(
    mechanism: str, first: bytes, second: bytes
) -> None:
    session = guarded()
    reply = sasl.start(session, mechanism, first)
    if reply.startswith("334"):
        reply = sasl.respond(session, second)
    assert reply[:3] in {"334", "235", "501", "535"}
