"""The identity provider (OpenID Connect): users sign in there, and it identifies them.

It uses the code flow with PKCE, state and nonce, which are kept in the session (OpenID
Connect Core §3.1, RFC 7636). The ID token must be signed with the provider's key, for
us and for this login.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from threading import BoundedSemaphore
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from inbox.errors import BadRequest, Forbidden, UserError
from mailsink.oidc_settings import OidcProvider

T = TypeVar("T")
SECONDS = 5.0  # that the provider may stay silent
_IN_ALL = 15.0  # seconds for everything that one request asks of it
_MOST_OCTETS = 1024 * 1024  # of an answer
_PIECE = 64 * 1024  # octets
# logins that wait for the provider: other requests need the threads, too
_AT_A_TIME = 2
_PATIENCE = 1.0  # seconds until the next login is refused
_NAME = "provider"  # the name of its data in a session
_MOST_BEGUN = 10  # logins of a session that are not finished
_LONGEST = 200  # characters of the provider's texts
_LONGEST_SUBJECT = 255  # characters (OpenID Connect Core §2)
_MOST_GROUPS = 1000
# The accepted signatures: only with the provider's keys, whatever else its metadata
# offers
_WITH_KEYS = frozenset(
    "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split()
)
_SIGNING = "id_token_signing_alg_values_supported"

_asking = BoundedSemaphore(_AT_A_TIME)
_threads = ThreadPoolExecutor(_AT_A_TIME, "identity-provider")
_log = logging.getLogger(__name__)


class NoIdentityProvider(UserError):
    """The identity provider does not answer, or its answer is invalid."""

    status = 502


@dataclass(frozen=True, slots=True)
class ProviderUser:
    """A user at the provider. subject: the provider's permanent name for the user

    address: in lower case, verified by the provider; "" if it is not. groups: their
    names; None if the provider does not list them
    """

    issuer: str
    subject: str
    address: str
    name: str
    groups: frozenset[str] | None


def configured() -> OidcProvider | None:
    """Return the provider of the settings; None without one."""
    found: OidcProvider | None = settings.CONFIG.oidc
    return found


def label() -> str:
    """Return the provider's name for users; "" without one."""
    found = configured()
    return found.label if found else ""


def begin(request: HttpRequest, return_url: str) -> str:
    """Return the provider's URL for a login. Raises NoIdentityProvider.

    return_url: the page to which it returns users
    """

    def ask(client: Any) -> str:
        _forget_first(request)
        begun = client.create_authorization_url(return_url)
        client.save_authorize_data(request, redirect_uri=return_url, **begun)
        return str(begun["url"])

    return _ask(ask)


def end(request: HttpRequest) -> ProviderUser:
    """Return the user who has signed in, from the request that ends the login.

    Raises BadRequest for a login that did not begin here, Forbidden,
    NoIdentityProvider.
    """
    ours = _ours()
    # until here, a stranger may have written the whole request
    forget = _begun(request)
    # The link's author must not choose which provider answers (RFC 9207)
    if request.GET.get("iss", ours.issuer) != ours.issuer:
        raise BadRequest(
            _("The answer came from another identity provider. Start again.")
        )

    def ask(client: Any) -> ProviderUser:
        token = client.authorize_access_token(request)
        if "id_token" not in token:  # without it, the other claims are unchecked
            raise LookupError("there is no ID token")
        # the claims of the ID token, which has been checked
        claims = dict(token["userinfo"])
        if client.load_server_metadata().get("userinfo_endpoint"):
            more = dict(client.userinfo(token=token))
            if more.get("sub") != claims["sub"]:  # OpenID Connect Core §5.3.2
                raise NoIdentityProvider(
                    _("The identity provider's answers are about two different people.")
                )
            claims = more | claims
        return _user(ours, claims)

    try:
        return _ask(ask)
    finally:
        forget()  # one answer for each login, even if it is a refusal


def forget() -> None:
    """Forget the provider's metadata: the next login requests it again."""
    _client.cache_clear()


def _forget_first(request: HttpRequest) -> None:
    """Make room in a session for a new login: each tab may have one."""
    states = [key for key in dict(request.session) if key.startswith("_state_")]
    for key in states[: max(0, len(states) + 1 - _MOST_BEGUN)]:
        del request.session[key]


def _begun(request: HttpRequest) -> Callable[[], None]:
    """Return a function that forgets the session's login that this request ends.

    Raises BadRequest if there is none (RFC 6749 §10.12).
    """
    from authlib.integrations.django_client.integration import DjangoIntegration

    kept, state = DjangoIntegration(_NAME), request.GET.get("state")
    if kept.get_state_data(request.session, state) is None:
        words = _("The login took too long, or began in another browser. Start again.")
        raise BadRequest(words)
    return partial(kept.clear_state_data, request.session, state)


def _ours() -> OidcProvider:
    found = configured()
    assert found is not None, "the views have looked"
    return found


def _user(ours: OidcProvider, claims: Mapping[str, Any]) -> ProviderUser:
    subject = str(claims["sub"])
    if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise NoIdentityProvider(_("The identity provider does not identify you."))
    is_verified = claims.get("email_verified") in (True, "true")
    groups = claims.get(ours.groups_claim) if ours.groups_claim else None
    return ProviderUser(
        issuer=ours.issuer,
        subject=subject,
        address=_plain(claims.get("email")).lower() if is_verified else "",
        name=_plain(claims.get("preferred_username")),
        groups=_names(groups),
    )


def _names(groups: Any) -> frozenset[str] | None:
    if isinstance(groups, str):  # a single group
        groups = [groups]
    if not isinstance(groups, list):
        return None
    return frozenset(_plain(each)[:_LONGEST] for each in groups[:_MOST_GROUPS])


def _plain(value: Any) -> str:
    """Return a value as text; "" where a database may not take it, as NUL."""
    text = str(value or "")
    return text if text.isprintable() else ""


def _ask(question: Callable[[Any], T]) -> T:
    """Return the provider's answer to a question. Raises UserError."""
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.base_client.errors import OAuthError
    from joserfc.errors import JoseError
    from requests import RequestException

    slow = _("The identity provider is slow. Try again in a minute.")
    if not _asking.acquire(timeout=_PATIENCE):
        raise NoIdentityProvider(slow)
    # On a separate thread: a provider that sends an octet now and then can block that
    # thread, but no request.
    asked = _threads.submit(copy_context().run, lambda: question(_client()))
    asked.add_done_callback(lambda _: _asking.release())
    try:
        return asked.result(_IN_ALL)
    except TimeoutError:
        raise NoIdentityProvider(slow) from None
    except OAuthError as error:
        said = f"{error.error} {error.description or ''}".strip()
        plain = "".join(each if each.isprintable() else " " for each in said)
        words = _("The identity provider refused: %(words)s")
        raise Forbidden(words % {"words": plain[:_LONGEST]}) from None
    except (
        AuthlibBaseError,
        JoseError,
        RequestException,
        AttributeError,
        LookupError,
        RuntimeError,  # also JSON that is nested too deep, or no address of keys
        TypeError,
        ValueError,
    ) as error:
        forget()  # the cached metadata and keys may be the cause
        _log.warning("the OpenID Connect provider failed: %.500r", error)
        words = _(
            "The identity provider did not answer correctly. Try again in a minute."
        )
        raise NoIdentityProvider(words) from None


@cache
def _client() -> Any:
    """Return the client, which caches the provider's metadata."""
    # Imported at the first such login: most runs have none.
    from authlib.integrations.django_client import OAuth

    provider = _ours()
    registry = OAuth()
    registry.register(
        _NAME,
        client_id=provider.client_id,
        client_secret=provider.client_secret or None,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": " ".join(provider.scopes),
            "code_challenge_method": "S256",
            "default_timeout": SECONDS,
            **(
                {} if provider.client_secret else {"token_endpoint_auth_method": "none"}
            ),
        },
    )
    client = registry.create_client(_NAME)
    client.client_cls = _bounded(client.client_cls)
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != provider.issuer:  # OpenID Connect Discovery §4.3
        raise ValueError(f"its issuer is {metadata.get('issuer')!r}")
    found = metadata.get(_SIGNING) or ["RS256"]
    metadata[_SIGNING] = [each for each in found if each in _WITH_KEYS] or ["RS256"]
    return client


def _bounded(session: Any) -> Any:
    """Return a class of requests' sessions that limit the size of answers."""
    from requests import RequestException

    class BoundedSession(session):  # type: ignore[misc]
        def get_redirect_target(self, answer: Any) -> None:
            """Follow none: requests would read the body of a redirect whole.

            It reads it also where it is not to follow. None is needed: OpenID Connect
            Discovery 4.2 and RFC 6749 5.1 ask for 200.
            """

        def request(self, *place: Any, **given: Any) -> Any:
            answer = super().request(*place, **{**given, "stream": True})
            if answer.is_redirect:
                answer.close()
                raise RequestException("it redirects")
            octets = bytearray()
            for piece in answer.iter_content(_PIECE):
                octets += piece
                if len(octets) > _MOST_OCTETS:
                    answer.close()
                    raise RequestException("it answers with more than 1 MiB")
            answer._content = bytes(octets)  # where requests keeps the content
            return answer

    return BoundedSession
