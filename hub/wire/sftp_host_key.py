"""Which host keys we expect of a server, and what to say when it shows another one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping

from hub.contract import AccessDenied

#: Kinds of key, as a public key line names them, and the names under which each is agreed on. SHA-1 is not among them.
KINDS: Mapping[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


def checked_host_key(text: str) -> str:
    """Return the host key as it stands when it can be one; otherwise say how one looks (ValueError)."""
    words = text.split()
    if words[:1] and words[0].startswith("SHA256:"):
        return words[0].rstrip("=")
    if len(words) >= 2 and words[0] in KINDS and _decoded(words[1]):
        return f"{words[0]} {words[1]}"
    raise ValueError(
        f"{text[:60]!r} is not a host key: give its fingerprint (SHA256:..., from `ssh-keygen -l`) "
        f"or its public key line (kind and base64, without the host name); kinds: {', '.join(KINDS)}"
    )


def fingerprint_of(host_key: str) -> str:
    """Return the fingerprint of a checked host key, as `ssh-keygen -l` prints it."""
    if host_key.startswith("SHA256:"):
        return host_key
    digest = hashlib.sha256(_decoded(host_key.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def expected_kinds(host_keys: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of key to ask a server for: those of the key lines, or all when a bare fingerprint is given."""
    lines = [host_key.split()[0] for host_key in host_keys]
    return tuple(lines) if lines and all(kind in KINDS for kind in lines) else tuple(KINDS)


def stranger(where: str, host_keys: Iterable[str], shown: Mapping[str, str]) -> AccessDenied:
    """Return the error for a server whose keys (kind: fingerprint) are none of those that we expect."""
    seen = ", ".join(f"{mark} ({kind})" for kind, mark in shown.items())
    expected = ", ".join(fingerprint_of(key) for key in host_keys)
    if not expected:
        return AccessDenied(
            f"{where}: its host key is not known yet; the server shows {seen}",
            todo="ask the partner whether this fingerprint is theirs, then write it into host_key",
            code="sftp host key unknown",
        )
    return AccessDenied(
        f"{where}: the server shows host key {seen or 'of no kind that host_key names'}; host_key says {expected}",
        todo="nothing was sent; ask the partner whether they changed their key, and only then change host_key",
        code="sftp host key changed",
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
