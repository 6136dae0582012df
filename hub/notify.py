"""Telling systemd that we are ready, alive, reloading or stopping: one datagram each, nothing where nobody asked."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


def notify(*lines: str, environ: Mapping[str, str] | None = None) -> bool:
    """Send these lines (`READY=1`) to the service manager; false when there is none (NOTIFY_SOCKET is not set)."""
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # a name in the abstract namespace
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.connect(address)
        out.send("\n".join(lines).encode())
        return True
    return False


def reloading() -> bool:
    """Say that a reload has begun; systemd wants the monotonic moment with it."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
