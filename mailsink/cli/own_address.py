"""Where the Mailsink is that the variables of this process would start, and by what it is known.

The health check of a container asks there. mailsink.conf is not asked: it makes a data folder.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from mailsink import aliases, values
from mailsink.values import ListenAddress

_USUAL = "http://127.0.0.1:8025"
# Who listens everywhere is reached here.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, not bound
# The certificates of the pages, the first of them that is set
_CERTIFICATES = ("MAILSINK_HTTPS_CERT", "MAILSINK_TLS_CERT")


def url(http: str = "", by_https: bool = False) -> str:
    """Return the URL of the web side, without a slash at its end.

    http: in place of MAILSINK_HTTP and its aliases; what nobody can listen on counts as
    unset. By HTTPS, where it is asked for or the only way.
    """
    found = _settings()
    plain = _address(http or found.get("MAILSINK_HTTP", ""))
    secure = _address(found.get("MAILSINK_HTTPS", ""))
    if by_https and http and plain:
        return f"https://{plain}"
    is_off = bool(found.get("MAILSINK_HTTP", "").strip()) and not plain
    if secure and (by_https or is_off):
        return f"https://{secure}"
    return f"http://{plain}" if plain else _USUAL


def tls(url: str) -> ssl.SSLContext | None:
    """Return how to know our own server by its certificate, whatever name that is for.

    url: that is asked; None for any other one's, whom the system's authorities vouch for.
    Raises OSError where the certificate cannot be read.
    """
    if not _is_own(url):
        return None
    context = ssl.create_default_context(cafile=str(_certificate()))
    context.check_hostname = False
    context.verify_flags |= (
        ssl.VERIFY_X509_PARTIAL_CHAIN
    )  # it may be no authority's own
    return context


def _is_own(asked: str) -> bool:
    return asked.startswith("https:") and asked == url(by_https=True)


def _certificate() -> Path:
    found = _settings()
    for name in _CERTIFICATES:
        if path := found.get(name, "").strip():
            return Path(path)
    return Path(found.get("MAILSINK_DATA", "").strip() or "data") / "tls-cert.pem"


def _settings() -> dict[str, str]:
    return aliases.translated(os.environ, "MAILSINK_")[0]


def _address(text: str) -> ListenAddress | None:
    """Return the first of some addresses, as who is here reaches it."""
    text = text.strip()
    try:
        addresses = values.ADDRESSES.parse(text) if text else ()
    except ValueError:
        return None
    if not addresses or not addresses[0].port:
        return None
    host = _HERE.get(addresses[0].host, addresses[0].host)
    return ListenAddress(host, addresses[0].port)
