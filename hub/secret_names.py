"""Which secrets the files of a folder name, and where each of them is kept; never its value."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_NAMED = re.compile(rf"secret:({NAME.pattern})")
_VARIABLE = "CROSSDOCK_SECRET_"


def named(files: Iterable[Path]) -> Mapping[str, tuple[str, ...]]:
    """Return each secret that these TOML files name, with the files' names; a file that is no TOML names none."""
    found: dict[str, list[str]] = {}
    for path in files:
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        for name in sorted(set(_names(raw))):
            found.setdefault(name, []).append(path.name)
    return {name: tuple(users) for name, users in found.items()}


def _names(value: object) -> Iterator[str]:
    if isinstance(value, str) and (match := _NAMED.fullmatch(value)):
        yield match[1]
    elif isinstance(value, dict):
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def variable(name: str) -> str:
    """Return the environment variable that holds a secret of this name."""
    return _VARIABLE + name.upper().replace("-", "_")


def place(name: str, folder: Path, environ: Mapping[str, str] | None = None) -> str:
    """Return where a secret is kept: `environment`, `folder`, `systemd`, or nothing when it is nowhere."""
    environ = os.environ if environ is None else environ
    if variable(name) in environ:
        return "environment"
    if (folder / name).is_file():
        return "folder"
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    return "systemd" if credentials and (Path(credentials) / name).is_file() else ""


def kept(folder: Path) -> list[str]:
    """Return the names in the secrets folder."""
    return sorted(path.name for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []


def put(folder: Path, name: str, value: str) -> Path:
    """Keep a secret in the folder, for its owner's eyes only, whole or not at all; raises ValueError for its name.

    What root keeps belongs to the folder's owner: the service runs as somebody else.
    """
    if NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for a secret: letters, digits, _ . -")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    fresh = folder / f".{name}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(value)
        if os.geteuid() == 0:
            owner = folder.stat()
            os.fchown(out.fileno(), owner.st_uid, owner.st_gid)
    fresh.replace(folder / name)
    return folder / name


def unreadable(folder: Path) -> list[str]:
    """Return the secrets of the folder that nobody can use, each with the reason."""
    found = []
    for name in kept(folder):
        try:
            text = (folder / name).read_text("utf-8")
        except OSError as error:
            found.append(f"{folder / name} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            found.append(f"{folder / name} is no text in UTF-8: `crossdock secret set {name}`")
        else:
            found += [] if text.strip() else [f"{folder / name} is empty: `crossdock secret set {name}`"]
    return found


def open_to_others(folder: Path) -> list[str]:
    """Return what of the folder others than its owner may read or change: the folder itself, or secrets in it."""
    paths = [folder, *(folder / name for name in kept(folder))] if folder.is_dir() else []
    return [str(path) for path in paths if path.stat().st_mode & 0o077 and (path == folder or _reachable(folder))]


def _reachable(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o011)
