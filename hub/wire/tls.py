"""Whom we believe over TLS: public authorities, certificates that a partner gave us, or one known by fingerprint."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

from hub.contract import AccessDenied

_PIN = re.compile(r"SHA256:([0-9A-F]{2}:){31}[0-9A-F]{2}")


def checked_certificate(text: str) -> str:
    """Return a certificate (PEM) or its fingerprint as it is compared; otherwise say how one looks (ValueError)."""
    text = text.strip()
    if text.startswith("-----BEGIN CERTIFICATE-----"):
        try:
            ssl.create_default_context().load_verify_locations(cadata=text)
        except ssl.SSLError as error:
            raise ValueError(f"the certificate cannot be read: {error}") from None
        return text
    digits = re.sub(r"[^0-9A-F]", "", text.upper().partition("SHA256:")[2])
    pin = "SHA256:" + ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    if not _PIN.fullmatch(pin):
        raise ValueError(
            f"{text[:60]!r} is no certificate: give its fingerprint (SHA256:AB:CD:..., 32 bytes, as "
            "`openssl x509 -fingerprint -sha256` prints it) or the certificate itself (-----BEGIN CERTIFICATE-----)"
        )
    return pin


def fingerprint(certificate: bytes) -> str:
    """Return the fingerprint of a certificate in DER form, as it stands in a partner file."""
    digest = hashlib.sha256(certificate).hexdigest().upper()
    return "SHA256:" + ":".join(digest[at : at + 2] for at in range(0, 64, 2))


@dataclass(frozen=True, slots=True)
class Trust:
    """The checked certificates of one connection; none of them means the public authorities.

    A certificate given whole is believed beside the public ones, and the host name has to fit. A fingerprint stands
    for exactly one certificate, whatever name it bears.
    """

    certificates: tuple[str, ...] = ()

    @property
    def pins(self) -> tuple[str, ...]:
        """Return the fingerprints among the certificates."""
        return tuple(each for each in self.certificates if each.startswith("SHA256:"))

    def context(self) -> ssl.SSLContext:
        """Return a context for TLS 1.2 and newer; with fingerprints, `accept` has to be called on every line."""
        if self.pins:
            return blind()
        context = ssl.create_default_context()
        for each in self.certificates:
            context.load_verify_locations(cadata=each)
            # a self-signed certificate of a server is believed as it stands, although it is no authority
            context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        return context

    def accept(self, line: socket.socket | None, where: str) -> None:
        """Raise AccessDenied unless the certificate that the server showed has one of the fingerprints."""
        if not self.pins:
            return
        shown = shown_on(line)
        if shown not in self.pins:
            raise AccessDenied(
                f"{where}: the server shows certificate {shown or 'none'}; certificate says {', '.join(self.pins)}",
                todo="nothing was sent; ask the partner whether they changed it, and only then change certificate",
                code="certificate changed",
            )


def blind() -> ssl.SSLContext:
    """Return a context that believes anybody: to see what a server shows, or to compare its fingerprint afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def shown_on(line: socket.socket | None) -> str:
    """Return the fingerprint of what the other end showed on this line; empty when it showed nothing."""
    certificate = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
    return fingerprint(certificate) if certificate else ""


def untrusted(where: str, error: ssl.SSLCertVerificationError, shown: Iterable[str] = ()) -> AccessDenied:
    """Return the error for a certificate that nobody we believe vouches for."""
    seen = ", ".join(each for each in shown if each)
    said = f"{where}: its certificate is not trusted ({error.verify_message})"
    return AccessDenied(
        f"{said}; the server shows {seen}" if seen else said,
        todo="nothing was sent; ask the partner whether this fingerprint is theirs, then write it into certificate",
        code="certificate",
    )
