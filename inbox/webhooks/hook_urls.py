"""The URL of a webhook: checks before storing.

Whether it may be called is checked at the call.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from mailsink.posting import address_rules

LONGEST = 2000  # characters


def checked(text: str) -> str:
    """Return a URL in its stored form. Raises Invalid."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise Invalid(_("a URL has 1 to %(most)s characters") % {"most": LONGEST})
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\"<>^`{|}'):
        raise Invalid(_("the URL has a character that must be written as %XX"))
    url = _split(text)
    if url.scheme not in ("http", "https"):
        raise Invalid(_("the URL of a webhook begins with https:// or http://"))
    if url.username is not None or url.password is not None:
        raise Invalid(_("a URL must not contain a user name or a password"))
    if "#" in text:
        raise Invalid(_("a URL must not contain a #, which is never sent"))
    _check_host(url.hostname or "")
    return text


def host(url: str) -> str:
    """Return the host of a stored URL: the rest may be a secret."""
    return urlsplit(url).hostname or ""


def topic(url: str) -> tuple[str, str]:
    """Return the server and the topic of an ntfy URL. Raises Invalid."""
    server, _slash, name = url.partition("?")[0].rpartition("/")
    if not name or server.endswith(("/", ":")):
        raise Invalid(_("the URL of ntfy ends in a topic: https://ntfy.sh/topic"))
    return f"{server}/", name


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _port = url.port  # raises ValueError, too
    except ValueError:
        raise Invalid(_("this is not a URL: %(url)s") % {"url": text[:100]}) from None
    if not url.hostname or not url.hostname.strip(".") or _port == 0:
        raise Invalid(_("this is not a URL: %(url)s") % {"url": text[:100]})
    return url


def _check_host(name: str) -> None:
    """Refuse a host that the call would refuse, if that is known already."""
    allowed = settings.CONFIG.webhooks_private
    address = "127.0.0.1" if name == "localhost" else name
    why = address_rules.refusal(address, allowed)
    if why and why != address_rules.NO_ADDRESS:
        raise Invalid(
            _(
                "%(host)s is %(reason)s. MAILSINK_WEBHOOKS_PRIVATE names the networks "
                "that webhooks may call though they are not public."
            )
            % {"host": name[:100], "reason": why}
        )
