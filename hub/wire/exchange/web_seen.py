"""Which versions of a web server's documents were taken: kept as the flow's cursor, so it commits with what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase

from hub.wire.http import Reply


@dataclass(frozen=True, slots=True)
class Version:
    """What was last seen at an address: what the server calls it (ETag, Last-Modified), our hash, which one it was."""

    etag: str
    modified: str
    digest: str
    number: int

    def conditions(self) -> Mapping[str, str]:
        """Return the headers that ask for the document only when it is another by now."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.modified} if self.modified else {}

    def stamp(self) -> str:
        """Return what stands in the document's key: its time where the server says one, else which version it was."""
        try:
            return str(int(parsedate_to_datetime(self.modified).timestamp()))
        except ValueError:
            return f"v{self.number}"


class Seen:
    """The versions by path, and the paths that are still to be deleted there."""

    def __init__(self, cursor: str | None) -> None:
        kept = json.loads(cursor) if cursor else {}
        self._versions = {path: Version(*facts) for path, facts in kept.get("seen", {}).items()}
        self.to_delete: list[str] = kept.get("delete", [])

    def version(self, path: str) -> Version | None:
        """Return what was last seen at the path."""
        return self._versions.get(path)

    def news(self, path: str, reply: Reply) -> Version | None:
        """Return the version that this reply is, or None when it is the one that was taken already."""
        last = self._versions.get(path)
        digest = hashlib.sha256(reply.body).hexdigest()[:16]
        etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
        if last is not None and last.digest == digest and last.modified == modified:
            self._versions[path] = Version(etag, modified, digest, last.number)
            return None
        self._versions[path] = Version(etag, modified, digest, last.number + 1 if last else 1)
        return self._versions[path]

    def deleted(self, path: str) -> None:
        """Forget what was deleted there, but not which version it was: the next one has another key."""
        self._versions[path] = Version("", "", "", self._versions[path].number if path in self._versions else 0)

    def keep_only(self, paths: Collection[str], folder: str, pattern: str) -> None:
        """Forget what the folder does not show any more."""
        gone = [path for path in self._versions if path not in paths and fnmatchcase(path, f"{folder}/{pattern}")]
        for path in gone:
            del self._versions[path]

    def cursor(self) -> str:
        """Return it as it is kept."""
        seen = {path: [each.etag, each.modified, each.digest, each.number] for path, each in self._versions.items()}
        return json.dumps({"seen": seen, "delete": self.to_delete}, separators=(",", ":"))
