"""TLS contexts for the servers: with the user's certificate, or with our own.

Our own certificate is kept in the data folder, and made again when it is about to
expire or the hostname has changed. Clients can be given it as a trusted certificate.
"""

from __future__ import annotations

import os
import ssl
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailsink.values import TlsVersion

_LIFE = timedelta(days=397)  # the longest life that all clients accept
_RENEWED = timedelta(days=30)  # before its expiry
_A_DAY = timedelta(days=1)
_ADDRESSES = ("127.0.0.1", "::1")

_VERSIONS: dict[TlsVersion, ssl.TLSVersion] = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def server_context(
    cert: Path, key: Path, minimum: TlsVersion = "1.2"
) -> ssl.SSLContext:
    """Return a server context with this certificate chain and key, both PEM.

    Raises ValueError with a reason for the user if they cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_RENEGOTIATION
    with warnings.catch_warnings():  # old versions are deprecated, but wanted here
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[minimum]
    if minimum in ("1.0", "1.1"):  # OpenSSL's default level forbids their signatures
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    _load(context, cert, key)
    return context


def renew(context: ssl.SSLContext, cert: Path, key: Path, minimum: TlsVersion) -> None:
    """Make a server context show another certificate to new clients.

    Raises ValueError with a reason for the user, and then does not change the context.
    """
    server_context(cert, key, minimum)  # a failed load would leave it without a key
    _load(context, cert, key)


def expiry(cert: Path) -> datetime | None:
    """Return when a certificate expires, in UTC; None if that cannot be read."""
    try:
        return x509.load_pem_x509_certificate(cert.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    try:
        context.load_cert_chain(cert, key, password=_refuse_password)
    except OSError as error:  # ssl.SSLError is an OSError
        raise ValueError(_reason(error)) from None


def _refuse_password() -> str:
    """Refuse to answer OpenSSL's prompt, which would wait at a terminal."""
    raise ValueError("the key is encrypted; it must be without a password")


def _reason(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return f"cannot be read: {error.strerror}"
    if error.reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):
        return "the key is not that of the certificate"
    if error.reason in ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"):
        return "the certificate is too weak for today's clients; make it again"
    return "they are not a certificate and its key in PEM form"


class Holder(NamedTuple):
    """The names and addresses in a certificate of our own."""

    names: tuple[str, ...]  # DNS names, the main one first
    addresses: tuple[str, ...] = _ADDRESSES
    expired: bool = False  # make it already expired


def own_context(
    folder: Path, hostname: str, minimum: TlsVersion = "1.2"
) -> ssl.SSLContext:
    """Return a server context with the certificate in the folder.

    The certificate is made if it is missing, broken, about to expire or for another
    name. Raises OSError.
    """
    names = tuple(dict.fromkeys((hostname.rstrip("."), "localhost")))
    return kept_context(folder, "tls", Holder(names), minimum)


def kept_context(
    folder: Path, stem: str, holder: Holder, minimum: TlsVersion
) -> ssl.SSLContext:
    """Do the same as own_context for any holder. Raises OSError.

    stem: the beginning of the files' names, as in `<stem>-cert.pem`
    """
    cert, key = folder / f"{stem}-cert.pem", folder / f"{stem}-key.pem"
    if _serves(cert, holder):
        with suppress(ValueError):  # a broken one is ours, and can be replaced
            return server_context(cert, key, minimum)
    _make(cert, key, holder)
    return server_context(cert, key, minimum)


def _serves(cert: Path, holder: Holder) -> bool:
    try:
        found = x509.load_pem_x509_certificate(cert.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    if holder.names[0] not in names.value.get_values_for_type(x509.DNSName):
        return False
    return holder.expired or found.not_valid_after_utc - _RENEWED > datetime.now(UTC)


def _make(cert: Path, key: Path, holder: Holder) -> None:
    """Make a key, and a certificate signed with it."""
    private = ec.generate_private_key(ec.SECP256R1())
    common = holder.names[0][:64]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.now(UTC) - (_LIFE if holder.expired else timedelta())
    public = private.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _A_DAY)  # clocks differ
        .not_valid_after(now + _LIFE - (_A_DAY if holder.expired else timedelta()))
    )
    for extension, critical in _extensions(public, holder):
        builder = builder.add_extension(extension, critical)
    made = builder.sign(private, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key, secret, 0o600)
    _write(cert, made.public_bytes(pem), 0o644)


def _extensions(
    public: ec.EllipticCurvePublicKey, holder: Holder
) -> list[tuple[x509.ExtensionType, bool]]:
    """Return the extensions that RFC 5280 §4.2 and strict clients require.

    Each comes with whether it is critical. The certificate is no authority: a client
    that trusts it trusts only this server, and nothing that it signs.
    """
    return [
        (
            x509.SubjectAlternativeName(
                [
                    *(x509.DNSName(each) for each in holder.names),
                    *(x509.IPAddress(ip_address(each)) for each in holder.addresses),
                ]
            ),
            False,
        ),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_SIGNS_ONLY, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ]


_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _write(path: Path, octets: bytes, mode: int) -> None:
    """Write a file atomically, with its final rights from the beginning."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb"
    ) as file:
        file.write(octets)
        os.fsync(file.fileno())
    draft.replace(path)
