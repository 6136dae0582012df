"""Who sits at the machine."""

from __future__ import annotations

import getpass


def whoami() -> str:
    """Return the name of whoever runs this process, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
