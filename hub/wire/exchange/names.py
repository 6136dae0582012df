"""The names that files bear on their way: claimed by us, set aside, half uploaded."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

_CLAIM = re.compile(r"\.claimed-[A-Za-z0-9_]+$")
_REFUSED = re.compile(r"\.refused(-[0-9a-f]+)?$")
PART = ".part"


def claim_suffix(instance: str) -> str:
    """Return what is appended to a file's name while this hub works on it."""
    return f".claimed-{instance}"


def is_waiting(name: str, pattern: str) -> bool:
    """Whether this is a file of the pattern that nobody has claimed, set aside or is still uploading."""
    in_work = name.endswith(PART) or _CLAIM.search(name) or _REFUSED.search(name)
    return not in_work and "\ufffd" not in name and fnmatchcase(name, pattern)


def leftover_of(name: str, pattern: str, instance: str) -> str | None:
    """Return the original name of a file that this hub claimed in an earlier run, or None."""
    suffix = claim_suffix(instance)
    if name.endswith(suffix) and fnmatchcase(original := name.removesuffix(suffix), pattern):
        return original
    return None


def marker_of(name: str, endings: Sequence[str], present: Collection[str]) -> str | None:
    """Return the marker in the folder that says the file is whole: inventory.csv.done or inventory.done; or None."""
    stem = posixpath.splitext(name)[0]
    candidates = (f"{base}{ending}" for base in (name, stem) for ending in endings)
    return next((each for each in candidates if each in present and each != name), None)


def shares_marker(marker: str, endings: Sequence[str], present: Iterable[str]) -> bool:
    """Say whether another file in the folder (inventory.xml beside inventory.csv) has this marker too."""
    others = (each for each in present if not each.endswith(tuple(endings)))
    return any(marker_of(each, endings, {marker}) for each in others)


def split(path: str) -> tuple[str, str]:
    """Return the folder and the last part of a path; a bare name is in the folder `.`."""
    folder, name = posixpath.split(path)
    return folder or ".", name


def join(folder: str, name: str) -> str:
    """Return the path of a name in a folder; an absolute name stands for itself."""
    return posixpath.join(folder, name) if folder != "." else name


def version_stamp(modified: int, content: bytes) -> str:
    """Return what tells two files of one name apart: the time and a piece of the hash."""
    moment = datetime.fromtimestamp(modified, UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{hashlib.sha256(content).hexdigest()[:8]}"


def stamped(name: str, stamp: str) -> str:
    """Return the name with the stamp before its ending: stock.csv becomes stock.20261120T060000Z-1a2b3c4d.csv."""
    stem, ending = posixpath.splitext(name)
    return f"{stem}.{stamp}{ending}"


def part_name(target: str, key: str) -> str:
    """Return the name under which the document with this key is uploaded; never that of another key."""
    return f"{target}.{hashlib.sha256(key.encode()).hexdigest()[:12]}{PART}"
