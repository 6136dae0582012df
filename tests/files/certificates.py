"""Certificates for the servers of the tests, made on the spot: whole, short-lived and worth nothing elsewhere."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.wire.tls import fingerprint


@dataclass(frozen=True)
class Made:
    """A self-signed certificate with its key, for 127.0.0.1 or for another name."""

    certificate: str
    key: str
    fingerprint: str

    def write(self, folder: Path) -> Path:
        """One file with both, as servers like it."""
        path = folder / "server.pem"
        path.write_text(self.key + self.certificate)
        path.chmod(0o600)
        return path


def self_signed(name: str = "127.0.0.1") -> Made:
    return _made(name)


@cache
def _made(name: str) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Made(
        made.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(serialization.Encoding.PEM, *form).decode(),
        fingerprint(made.public_bytes(serialization.Encoding.DER)),
    )
