"""The address and certificate of the Mailsink that the environment would start.

The health check of a container uses them. mailsink.conf is not used: it creates a data
folder.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from mailsink import aliases, values
from mailsink.values import ListenAddress

_USUAL = "http://127.0.0.1:8025"
# A server that listens on all addresses is reached on these.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, not bound
# The certificates of the pages; the first that is set counts
_CERTIFICATES = ("MAILSINK_HTTPS_CERT", "MAILSINK_TLS_CERT")


def url(http: str = "", by_https: bool = False) -> str:
    """Return the URL of the web side, without a slash at its end.

    http: replaces MAILSINK_HTTP and its aliases; an address that no server can listen
    on counts as unset. The URL has https if by_https is true, or if there is no other
    port.
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
    """Return a context that accepts our own certificate, with any name in it.

    url: of the request. Returns None for other servers, which need a certificate from
    the system's authorities. Raises OSError if the certificate cannot be read.
    """
    if not _is_own(url):
        return None
    context = ssl.create_default_context(cafile=str(_certificate()))
    context.check_hostname = False
    context.verify_flags |= (
        ssl.VERIFY_X509_PARTIAL_CHAIN
    )  # it may be no authority's certificate
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
    """Return the first of some addresses, in the form for a local client."""
    text = text.strip()
    try:
        addresses = values.ADDRESSES.parse(text) if text else ()
    except ValueError:
        return None
    if not addresses or not addresses[0].port:
        return None
    host = _HERE.get(addresses[0].host, addresses[0].host)
    return ListenAddress(host, addresses[0].port)
