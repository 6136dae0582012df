"""Values of an order's JSON: text that may be a number or missing, and what is said of one that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Mapping

Tree = Mapping[str, object]

#: Half a pair of an emoji, and the end of a text to a database: no text of ours may hold them.
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)


class Unreadable(Exception):
    """A value of the order cannot be used: which line, which field, what is wrong."""

    def __init__(self, what: str, field: str, line: str = "") -> None:
        super().__init__(what)
        self.what, self.field, self.line = what, field, line


def text(tree: Tree, field: str) -> str:
    """Return a text or an id as text; empty when it is absent or null."""
    value = tree.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Unreadable(f"{field} must be text, not {shown(value)}", field)
    return str(value).strip()


def mapping(value: object) -> Tree:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def shown(value: object) -> str:
    """Return a value as a complaint shows it."""
    told = repr(value) if isinstance(value, str) else str(value)
    return told if len(told) <= 40 else told[:40] + "..."


def holdable(content: bytes, tree: object) -> object:
    """Return the tree with a mark in place of what no text may hold; it is looked for only where bytes spell it."""
    return _marked(tree) if _ESCAPED.search(content) else tree


def _marked(tree: object) -> object:
    if isinstance(tree, str):
        return _UNHOLDABLE.sub("\ufffd", tree)
    if isinstance(tree, list):
        return [_marked(each) for each in tree]
    return {name: _marked(value) for name, value in tree.items()} if isinstance(tree, dict) else tree
