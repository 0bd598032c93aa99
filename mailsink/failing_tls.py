"""TLS contexts with which handshakes fail on purpose, for rules that ask for it.

Their certificates are kept in the data folder: who trusts one sees the fault that it is
for, and not that nobody vouches for it.
"""

from __future__ import annotations

from pathlib import Path

from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.tls import Holder, kept_context
from mailsink.values import TlsVersion

_NOBODY = "wrong-name.invalid"  # no host has such a name (RFC 6761 §6.4)
# The cipher wants a key for RSA, which ours is not; the group is none of TLS 1.3.
_CIPHER, _GROUP = "ECDHE-RSA-AES256-GCM-SHA384", "secp224r1"


def failing_contexts(
    folder: Path, hostname: str, minimum: TlsVersion = "1.2"
) -> FailingContexts:
    """Return a context for each kind of failure. Raises OSError.

    The certificates are made where they are missing; which takes some milliseconds.
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
