"""`python confined.py NAMES ERROR PROGRAM ...`: run a program that may make only these system calls, as systemd would.

NAMES is a file with one system call a line. What is not in it fails with ERROR (such as EPERM); without one (`-`) it is
the end of the program. For tests only.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_KILL = 0x80000000
_NO_NEW_PRIVILEGES = 38
_UNKNOWN = -1  # libseccomp's answer for a call that this machine does not have


def confine(names: list[str], error: str) -> None:
    """Allow this process and what it starts no other system call, for good."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    otherwise = _KILL if error == "-" else _ERRNO | getattr(errno, error)
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(otherwise)))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number != _UNKNOWN:
            seccomp.seccomp_rule_add(rules, ctypes.c_uint32(_ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if seccomp.seccomp_load(rules) != 0:
        raise SystemExit("the system calls cannot be restricted here")


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text("utf-8").split(), sys.argv[2])
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - the program that the test names
