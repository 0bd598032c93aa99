"""TLS contexts that make handshakes fail on purpose, for rules.

Their certificates are kept in the data folder. A client that trusts one sees its
intended fault, and not an unknown issuer.
"""

from __future__ import annotations

from pathlib import Path

from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.tls import Holder, kept_context
from mailsink.values import TlsVersion

_NOBODY = "wrong-name.invalid"  # no host has such a name (RFC 6761 §6.4)
# The cipher needs an RSA key, which ours is not; TLS 1.3 does not have the group.
_CIPHER, _GROUP = "ECDHE-RSA-AES256-GCM-SHA384", "secp224r1"


def failing_contexts(
    folder: Path, hostname: str, minimum: TlsVersion = "1.2"
) -> FailingContexts:
    """Return a context for each kind of failure. Raises OSError.

    Missing certificates are made, which takes some milliseconds.
    """
    host = hostname.rstrip(".")
    elsewhere = Holder((_NOBODY,), ())
    late = Holder(tuple(dict.fromkeys((host, "localhost"))), expired=True)
    no_cipher = kept_context(folder, "tls-wrong-name", elsewhere, minimum)
    no_cipher.set_ciphers(_CIPHER)
    no_cipher.set_ecdh_curve(_GROUP)
    return FailingContexts(
        wrong_name=kept_context(folder, "tls-wrong-name", elsewhere, minimum),
        expired=kept_context(folder, "tls-expired", late, minimum),
        no_cipher=no_cipher,
    )
