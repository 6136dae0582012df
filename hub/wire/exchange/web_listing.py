"""What a web server's folder holds: the links of its page, or the names in a JSON array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from hub.wire.files import NotDone
from hub.wire.http import Reply


class _Links(HTMLParser):
    """Gathers where a page leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a link."""
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.found.append(target)


def names_in(reply: Reply, folder: str) -> list[str]:
    """Return the names of the documents right in the folder (an absolute address), each once, sorted.

    Links to anywhere else, to folders and to sorted views of the same page are left out.
    """
    found = set()
    for target in _targets(reply):
        address = urljoin(folder, target)
        inside = address.partition("?")[0].removeprefix(folder) if address.startswith(folder) else ""
        name = unquote(inside)
        if name and "/" not in name and not urlsplit(address).query:
            found.add(name)
    return sorted(found)


def _targets(reply: Reply) -> Iterator[str]:
    if "json" not in reply.headers.get("content-type", "") and not reply.body.lstrip().startswith(b"["):
        page = _Links()
        page.feed(reply.body.decode("utf-8", "replace"))
        yield from page.found
        return
    tree = reply.json()
    if isinstance(tree, dict):  # one level of wrapping: {"files": [...]}
        tree = next((each for each in tree.values() if isinstance(each, list)), None)
    if not isinstance(tree, list):
        raise NotDone(
            "the folder's page is neither a page of links nor a JSON array of names",
            todo="ask the partner for a listing, or name one address without * in `files`",
            extract=json.dumps(tree)[:200],
            code="web listing",
        )
    for each in tree:
        named = (each.get("url") or each.get("name")) if isinstance(each, dict) else each
        if isinstance(named, str):
            yield named
