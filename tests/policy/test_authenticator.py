"""Who may send, by the logins that were configured."""

from __future__ import annotations

import pytest

from inbox.policy.authenticator import Authenticator
from mailsink.ports import KeyedDigest, Password
from tests.smtp import sasl

LOGINS = [("ann", "swordfish"), ("zoë", "pässword"), ("odd", "tab\there")]


@pytest.mark.parametrize(("user", "password"), LOGINS)
async def test_a_good_password(user: str, password: str) -> None:
    offered = Password("PLAIN", user.encode(), password.encode())
    assert await Authenticator(LOGINS).authenticate(offered)


@pytest.mark.parametrize(
    ("user", "password"),
    [("ann", "pässword"), ("bob", "swordfish"), ("", ""), ("ann", "swordfish\n")],
)
async def test_a_bad_password(user: str, password: str) -> None:
    offered = Password("PLAIN", user.encode(), password.encode())
    assert not await Authenticator(LOGINS).authenticate(offered)


@pytest.mark.parametrize("user", ["ann+strict", "joe+strict@shop.test"])
async def test_what_asks_for_strict_mode_is_no_part_of_a_name(user: str) -> None:
    known = Authenticator([("ann", "swordfish"), ("joe@shop.test", "swordfish")])
    assert await known.authenticate(Password("PLAIN", user.encode(), b"swordfish"))
    assert not await known.authenticate(Password("PLAIN", user.encode(), b"other"))
    plain = user.replace("+strict", "").encode()
    assert await known.verifier(user.encode()) == await known.verifier(plain)


async def test_octets_that_are_no_text() -> None:
    logins = [("joe", b"s\xffcret".decode("utf-8", "surrogateescape"))]
    offered = Password("PLAIN", b"joe", b"s\xffcret")
    assert await Authenticator(logins).authenticate(offered)


async def test_a_digest_is_judged_by_its_own_user() -> None:
    # RFC 2195 §2
    digest = bytes.fromhex("b913a602c7eda7a495b4e6e7334d3890")
    asked = b"<1896.697170952@postoffice.reston.mci.net>"
    known = Authenticator([("tim", "tanstaaftanstaaf"), ("tom", "other")])
    assert await known.authenticate(KeyedDigest("CRAM-MD5", b"tim", asked, digest))
    assert not await known.authenticate(KeyedDigest("CRAM-MD5", b"tom", asked, digest))


async def test_a_verifier_is_made_of_the_password() -> None:
    made = await Authenticator(LOGINS).verifier("zoë".encode())
    assert made == sasl.verifier("pässword".encode(), made.salt, made.iterations)
    assert made.iterations >= 4096


@pytest.mark.parametrize("user", [b"ann", b"bob", b"odd"])
async def test_the_salt_does_not_tell_who_is_known(user: bytes) -> None:
    """odd's password is none that SASLprep (RFC 4013) lets a client send."""
    known = Authenticator(LOGINS)
    first, second = await known.verifier(user), await known.verifier(user)
    assert (first.salt, first.iterations) == (second.salt, second.iterations)
    assert len(first.salt) == 16
    assert (first.stored_key == second.stored_key) == (user == b"ann")
    assert (await Authenticator(LOGINS).verifier(user)).salt != first.salt
