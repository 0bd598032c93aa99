"""Passkeys (WebAuthn): a device signs our challenge after its owner's fingerprint or PIN.

A passkey is enough to sign in: it is something that one has, plus something that one
knows or is. It is valid for one host name, which is never an IP address.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from inbox.errors import Conflict, Invalid, NotFound
from inbox.given_names import clean_name
from inbox.models import Passkey, User
from inbox.storage import acts
from inbox.storage.write_lock import write_turn

if TYPE_CHECKING:
    from fido2.server import Fido2Server

MOST = 20  # of a user
LONGEST_NAME = 100
_LONGEST = 32 * 1024  # characters of a browser's answer
_NAME = "Mailsink"


@dataclass(frozen=True, slots=True)
class Site:
    """Our address in browsers. host: the relying party's id; origins: pages that may ask"""

    host: str
    origins: tuple[str, ...]

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers support passkeys for this host: not for IP addresses."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return bool(self.host)
        return False


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question to a browser. options: in its format; state: to keep until it answers"""

    options: dict[str, Any]
    state: dict[str, Any]


def of_user(user: User) -> list[Passkey]:
    """Return the passkeys of a user, oldest first."""
    return list(Passkey.objects.filter(user=user).order_by("created_at", "pk"))


def ask_for_new(site: Site, user: User) -> Challenge:
    """Return a challenge for making a new passkey. Raises Conflict for too many."""
    from fido2.webauthn import (
        PublicKeyCredentialUserEntity,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = of_user(user)
    if len(known) >= MOST:
        raise Conflict(_("at most %(most)s passkeys are kept") % {"most": MOST})
    name = user.get_username()
    # It differs between two users, and between two Mailsinks on localhost, but reveals
    # nothing about the user.
    handle = salted_hmac("mailsink.passkeys", str(user.pk), algorithm="sha256").digest()
    options, state = _server(site).register_begin(
        PublicKeyCredentialUserEntity(name=name, id=handle, display_name=name),
        [_data(each) for each in known if each.host == site.host],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Challenge(dict(options), dict(state))


def add(site: Site, user: User, state: Any, answer: str, name: str) -> Passkey:
    """Store the passkey that a device has made. Raises Conflict, Invalid.

    state: of the challenge; answer: of the browser, in JSON
    """
    name = clean_name(name, LONGEST_NAME)
    try:
        found = _server(site).register_complete(state, _parsed(answer))
        data = found.credential_data
        assert data is not None
    except Exception:  # hostile input may raise anything in the library
        raise Invalid(_("The passkey could not be added: try again.")) from None
    made = Passkey(
        user=user,
        name=name,
        credential_id=_text(data.credential_id),
        data=bytes(data),
        host=site.host,
        uses=found.counter,
        created_at=datetime.now(UTC),
    )
    with write_turn():
        if Passkey.objects.filter(user=user).count() >= MOST:
            raise Conflict(_("at most %(most)s passkeys are kept") % {"most": MOST})
        _insert(made)
        acts.touch(None, user.username, "passkey added")
    return made


def ask(site: Site) -> Challenge:
    """Return a challenge for any passkey that a device has for this site."""
    from fido2.webauthn import UserVerificationRequirement

    options, state = _server(site).authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED
    )
    return Challenge(dict(options), dict(state))


def user_of(site: Site, state: Any, answer: str) -> User:
    """Return the user whose passkey has signed a challenge. Raises Invalid.

    state: of the challenge; answer: of the browser, in JSON
    """
    wrong = Invalid(_("The passkey was not accepted."))
    try:
        given = _parsed(answer)
        passkey = _signer(site, state, given)
        uses = _uses(given)
    except Exception:  # hostile input may raise anything in the library
        raise wrong from None
    if not passkey.user.is_active:
        raise wrong
    with write_turn():
        row = Passkey.objects.filter(pk=passkey.pk)
        if uses or passkey.uses:  # a cloned device counts on from the time of the copy
            row = row.filter(uses__lt=uses)
        if not row.update(uses=uses, used_at=datetime.now(UTC)):
            raise wrong
    return passkey.user


def remove(user: User, id: UUID) -> None:
    """Remove a passkey of a user. Raises NotFound."""
    with write_turn():
        acts.touch(None, user.username, "passkey removed")
        if not Passkey.objects.filter(pk=id, user=user).delete()[0]:
            raise NotFound(_("There is no such passkey."))


def _insert(made: Passkey) -> None:
    if Passkey.objects.filter(credential_id=made.credential_id).exists():
        raise Conflict(_("This passkey is known already."))
    try:
        made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("This passkey is known already.")) from None


def _signer(site: Site, state: Any, given: dict[str, Any]) -> Passkey:
    """Return the passkey that has signed an answer. Raises any error of the library."""
    from fido2.webauthn import AuthenticationResponse

    id = AuthenticationResponse.from_dict(given).raw_id
    rows = Passkey.objects.select_related("user")
    passkey = rows.get(credential_id=_text(id), host=site.host)
    _server(site).authenticate_complete(state, [_data(passkey)], given)
    return passkey


def _uses(given: dict[str, Any]) -> int:
    from fido2.webauthn import AuthenticationResponse

    found = AuthenticationResponse.from_dict(given)
    return int(found.response.authenticator_data.counter)


def _server(site: Site) -> Fido2Server:
    # Imported when a passkey is first used: most runs have none.
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    us = PublicKeyCredentialRpEntity(name=_NAME, id=site.host)
    return Fido2Server(us, verify_origin=lambda origin: origin in site.origins)


def _data(passkey: Passkey) -> Any:
    from fido2.webauthn import AttestedCredentialData

    return AttestedCredentialData(bytes(passkey.data))


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST:
        raise ValueError
    found: dict[str, Any] = json.loads(answer)
    return found


def _text(id: bytes) -> str:
    from fido2.utils import websafe_encode

    return websafe_encode(id)
