"""A certificate authority of tests, and what it signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certified(NamedTuple):
    """The files of a server: its certificate, its key, and the authority's certificate."""

    certificate: Path
    key: Path
    authority: Path


def certified(folder: Path, *names: str) -> Certified:
    """Make an authority, and a certificate by it for these host names, in a folder."""
    of_authority, of_server = _key(), _key()
    issuer = _name("Authority of tests")
    root = _builder(issuer, issuer, of_authority, _constraints(is_authority=True))
    leaf = _builder(
        _name(names[0]), issuer, of_server, _constraints(is_authority=False)
    )
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    leaf = leaf.add_extension(alternatives, critical=False)
    made = Certified(folder / "cert.pem", folder / "key.pem", folder / "authority.pem")
    pem = serialization.Encoding.PEM
    for path, builder in ((made.authority, root), (made.certificate, leaf)):
        path.write_bytes(builder.sign(of_authority, hashes.SHA256()).public_bytes(pem))
    secret = of_server.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.key.write_bytes(secret)
    return made


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _constraints(is_authority: bool) -> x509.BasicConstraints:
    return x509.BasicConstraints(ca=is_authority, path_length=None)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    constraints: x509.BasicConstraints,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(constraints, critical=True)
    )
