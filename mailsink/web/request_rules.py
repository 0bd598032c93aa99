"""Decides which requests the web side answers: pure functions over a request's headers.

There may be no login, and any web page can make its visitor's browser send requests to
localhost. So the Host must be ours (DNS rebinding), and a request that changes
something, or opens a websocket, must not come from another origin. This check replaces
CSRF tokens, for forms and for the JSON API. Such a request must not be a call of one of
Mailsink's webhooks either.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAILSINK = "Mailsink/"  # the beginning of the User-Agent of a webhook's calls
# Images of a message, requested by its sandboxed frame, which has no origin.
PARTS_PATH = re.compile(r"/messages/[^/]+/parts/.+")
# Addresses that our own pages show as images. A printed mail has their origin: its
# images must not request anything else with the reader's rights.
_IMAGES_PATH = re.compile(r"/static/.+|/favicon\.ico|.*/parts/.+")
BROWSER = "Mozilla/"  # the beginning of every browser's User-Agent
API = "/api/"
SOCKETS = frozenset({"/ws/live"})  # in addition to those below API
# The dialects of other mail sinks, in which GET marks mail as read and contacts hosts.
_DIALECTS_PATH = re.compile(r"/api/v[12](?:/.*)?")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The head of a request, as the rules see it. A header that is absent is ""."""

    method: str  # "WEBSOCKET" for a handshake
    scheme: str  # http, https
    path: str
    host: str
    origin: str
    fetch_site: str
    fetch_mode: str
    fetch_dest: str
    accept: str = ""
    referer: str = ""
    user_agent: str = ""
    webhook_id: str = ""
    ahead: bool = False  # a prefetch or prerender, which no user has requested yet
    sent_host: str = ""  # of a trusted proxy that names another host in a field

    @property
    def is_silent(self) -> bool:
        """Whether a browser sends no Sec-Fetch fields.

        It sends none to plain http, except to localhost (Fetch Metadata §2). A page
        cannot make it omit or change the name that all browsers share.
        """
        return not self.fetch_site and self.user_agent.startswith(BROWSER)

    @property
    def is_of_image(self) -> bool:
        """Whether a browser asks for an image; a silent one shows it only by Accept.

        There a browser lists image types first, and then all types; a program lists the
        types that it wants.
        """
        if self.is_silent:
            return self.accept.startswith("image/") and "*/*" in self.accept
        return self.fetch_dest == "image"


_HEALTH = frozenset(("/livez", "/readyz", "/health/live", "/health/ready"))


@dataclass(frozen=True, slots=True)
class HttpRefusal:
    status: int
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Judges requests.

    allowed_hosts are names, or `*.name` and `.name` for all names below. Without any,
    localhost, IP literals and the hostname are allowed, and with local_names also names
    that only a local network knows. public_url is always allowed. A health check may
    use any name: programs that watch containers use their addresses.

    Pages of allowed_origins may use the API and the websocket, and nothing else.
    """

    allowed_hosts: tuple[str, ...]
    hostname: str
    public_url: str
    allowed_origins: tuple[str, ...] = ()
    local_names: bool = False

    def judge(self, request: RequestHead) -> HttpRefusal | None:
        """Return the refusal of a request, or None."""
        if request.method in SAFE_METHODS and request.path in _HEALTH:
            return None
        # Others can make only a browser send requests, and that always sends Host. A
        # page whose name resolves to us can also send a proxy's fields: so both are
        # judged.
        for host in (request.host, request.sent_host):
            if host and not self._is_ours(host):
                return HttpRefusal(
                    400,
                    "Unknown host",
                    f"Mailsink is not known as {host!r}. If this name is right, add "
                    "it to MAILSINK_ALLOWED_HOSTS (names separated by commas), and "
                    "start Mailsink again.",
                )
        if request.method in SAFE_METHODS:
            return _judge_reading(request, self.invites(request.origin, request.path))
        return self._judge_writing(request)

    def invites(self, origin: str, path: str) -> bool:
        """Return whether pages of this other origin may use a path."""
        used = path.startswith(API) or path in SOCKETS
        return used and origin.lower() in self.allowed_origins

    def is_foreign(self, request: RequestHead) -> bool:
        """Whether the request may come from a page of another origin.

        With a silent browser it may be any page, unless Referer names one of ours: a
        page can omit that, but not forge it. A person may open any address except a
        dialect's.
        """
        if request.origin:
            return request.origin.lower() not in self._ours(request)
        if not request.is_silent or self._is_referred(request):
            return False
        is_page = request.accept.startswith("text/html")
        return not is_page or is_of_dialect(request.path)

    def _is_referred(self, request: RequestHead) -> bool:
        """Whether one of our own pages made the request, or links to it."""
        page = request.referer.lower()
        return any(page.startswith(f"{each}/") for each in self._ours(request))

    def _ours(self, request: RequestHead) -> set[str]:
        """Return the origins of our own pages."""
        ours = {f"{request.scheme}://{request.host}".lower()}
        if self.public_url:  # a proxy may speak https, while we speak http
            public = urlsplit(self.public_url)
            ours.add(f"{public.scheme}://{public.netloc}".lower())
        return ours

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host.lower())
        if not match:
            return False
        name = match["name"].removesuffix(".")
        if self.public_url and name == _bracketed(urlsplit(self.public_url).hostname):
            return True
        if self.allowed_hosts:
            return any(_matches(name, pattern) for pattern in self.allowed_hosts)
        return (
            name in ("localhost", self.hostname.lower().removesuffix("."))
            or name.endswith(".localhost")
            or _is_ip_literal(name)
            or (self.local_names and _is_local(name))
        )

    def _judge_writing(self, request: RequestHead) -> HttpRefusal | None:
        if request.webhook_id and request.user_agent.startswith(MAILSINK):
            return _OWN_WEBHOOK
        if self.invites(request.origin, request.path):
            return None
        ours = self._ours(request)
        if request.origin and request.origin.lower() not in ours:
            return HttpRefusal(
                403,
                "Foreign origin",
                f"A page of {request.origin} may not do this here: the request's "
                f"Origin is not {' or '.join(sorted(ours))}. If Mailsink is behind a "
                "proxy, set MAILSINK_PUBLIC_URL. MAILSINK_ALLOWED_ORIGINS names the "
                "origins of others whose pages may use the API and the websocket.",
            )
        if request.fetch_site == "cross-site":
            return _CROSS_SITE
        return None


_OWN_WEBHOOK = HttpRefusal(
    403,
    "Call of a webhook",
    "This is a webhook call by Mailsink. Its effects here could make Mailsink call "
    "the webhook again, without end.",
)
_CROSS_SITE = HttpRefusal(
    403, "Cross-site request", "Another site's page may not use Mailsink."
)
_CROSS_SITE_API = HttpRefusal(
    403,
    "Cross-site request",
    "Another site's page may not use Mailsink, unless MAILSINK_ALLOWED_ORIGINS names "
    "its origin.",
)
_NO_IMAGE = HttpRefusal(403, "No image", "There is no image for pages or mails here.")
_AHEAD = HttpRefusal(
    403, "Loaded ahead", "This API does not answer a prefetch or prerender."
)


def _judge_reading(request: RequestHead, invited: bool) -> HttpRefusal | None:
    """Let other pages link here, but not use our answers (or their timing, or effects).

    The same site has no advantage: all ports of localhost are one site. Links to the
    dialects are refused, because reading has effects there. invited: by a setting
    """
    followed_link = request.fetch_mode == "navigate" and request.fetch_dest in (
        "document",
        "",
    )
    of_dialect = is_of_dialect(request.path)
    if of_dialect and request.ahead:
        return _AHEAD
    if request.is_of_image and not (invited or _IMAGES_PATH.fullmatch(request.path)):
        return _NO_IMAGE
    if invited or request.fetch_site not in ("cross-site", "same-site"):
        return None
    if followed_link and not of_dialect:
        return None
    if PARTS_PATH.fullmatch(request.path):
        return None
    return _CROSS_SITE_API if request.path.startswith(API) else _CROSS_SITE


def is_of_dialect(path: str) -> bool:
    """Whether a path belongs to another mail sink's API, where reading has effects."""
    return _DIALECTS_PATH.fullmatch(path) is not None


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith(("*.", ".")):
        return name.endswith(pattern.removeprefix("*"))
    return pattern in ("*", name)


def _is_local(name: str) -> bool:
    """Whether no public DNS has this name, so that no foreign page can use it."""
    return "." not in name or name.endswith((".local", ".internal"))


def _is_ip_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _bracketed(host: str | None) -> str:
    return f"[{host}]" if host and ":" in host else host or ""


# Fields of a prefetch or prerender, in current and older browsers
AHEAD_FIELDS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Return a header's value, several joined with commas as in HTTP; "" if absent."""
    return ",".join(value.decode("latin-1") for key, value in headers if key == name)
