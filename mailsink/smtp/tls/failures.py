"""Explains why a TLS handshake failed: a sentence, and the flag that has the fix."""

from __future__ import annotations

import ssl
from typing import NamedTuple

from mailsink.smtp.tls.layer import TlsLayer

# By the alert that the client sent (RFC 8446 §6.2).
_UNTRUSTED = {
    "unknown_ca": "it does not know who signed it",
    # RFC 8446 §6.2 means a malformed certificate; Go sends this for any reason.
    "bad_certificate": "it does not know who signed it, or it is not for the name that the "
    "client connected to",
    "certificate_unknown": "it does not trust it",
    "certificate_expired": "by the client's clock it has expired, or is not valid yet",
    "certificate_revoked": "it has been revoked",
    "unsupported_certificate": "it is of a kind that the client does not take",
}
_NO_CIPHER_ALERTS = {"handshake_failure", "insufficient_security"}

# OpenSSL's names for a failed negotiation.
_NO_VERSION = {
    "INAPPROPRIATE_FALLBACK", "NO_PROTOCOLS_AVAILABLE", "UNKNOWN_PROTOCOL",
    "UNSUPPORTED_PROTOCOL", "UNSUPPORTED_SSL_VERSION", "VERSION_TOO_LOW",
    "WRONG_SSL_VERSION",
}  # fmt: skip
_NO_CIPHER = {
    "NO_SHARED_CIPHER", "NO_SHARED_GROUPS", "NO_SHARED_SIGNATURE_ALGORITHMS",
    "NO_SUITABLE_GROUPS", "NO_SUITABLE_KEY_SHARE", "NO_SUITABLE_SIGNATURE_ALGORITHM",
}  # fmt: skip

_VERSIONS = {
    ssl.TLSVersion.TLSv1_1: "TLS 1.1 and up",
    ssl.TLSVersion.TLSv1_2: "TLS 1.2 and up",
    ssl.TLSVersion.TLSv1_3: "TLS 1.3",
}


class Failure(NamedTuple):
    """A flag of mailsink.smtp.protocol.events.FLAGS, and a sentence."""

    flag: str
    sentence: str


def explain(error: ssl.SSLError, layer: TlsLayer) -> Failure:
    """Return why a handshake failed, or a connection broke later."""
    reason = error.reason or ""
    _, is_alert, alert = reason.partition("_ALERT_")
    if is_alert:
        return _alert(alert.lower(), layer)
    if reason in _NO_VERSION:
        return _version(layer)
    if reason in _NO_CIPHER:
        return Failure(
            "tls_no_cipher",
            "The client and Mailsink have no cipher, group or signature in common.",
        )
    detail = f" (OpenSSL: {reason.lower().replace('_', ' ')})" if reason else ""
    return Failure("tls_broken", f"The client sent octets that are not TLS{detail}.")


def _alert(name: str, layer: TlsLayer) -> Failure:
    if name in _UNTRUSTED:
        return Failure(
            "tls_untrusted",
            f"The client refused the certificate: {_UNTRUSTED[name]} (alert {name}).",
        )
    if name == "protocol_version":
        return _version(layer)
    if name in _NO_CIPHER_ALERTS:
        return Failure(
            "tls_no_cipher",
            "The client takes no cipher, group or signature that Mailsink offers "
            f"(alert {name}).",
        )
    return Failure("tls_broken", f"The client broke off TLS (alert {name}).")


def _version(layer: TlsLayer) -> Failure:
    takes = _VERSIONS.get(layer.minimum_version, "TLS 1.0 and up")
    speaks = layer.hello.versions or "another version"
    return Failure(
        "tls_no_version",
        f"No TLS version in common: the client speaks {speaks}, Mailsink takes {takes}.",
    )
