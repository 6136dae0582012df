"""A tree as a sample: the group of nodes that repeats is the records, what stands in each of them its columns.

JSON and XML come this way, and so does any other format whose codec makes neutral trees: a reader of `.edi` or `.idoc`
samples hands its roots to `from_roots`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.codec.tree import Here, Node
from hub.mapping.guess.layout import Sheet
from hub.mapping.guess.sample import NoSample, Sample
from hub.mapping.guess.vocabulary import tokens

_PLAIN = re.compile(r"[^.\[\]/=\"'#\s][^.\[\]/=\"']*")
_DEEPEST: Final = 12
_MOST_ROWS: Final = 2000
#: Words that say little without what they stand in.
_BARE: Final = frozenset({"code", "date"})
#: So much likelier is what stands in a list to be the records.
_LISTED: Final = 3.0
#: What stands above the lines belongs to a record only where documents have heads.
_HEADS: Final = frozenset({"order", "invoice", "tracking", "shipped", "confirmno"})
#: Or where they do not say by themselves which article they are about: a list of warehouses within each product.
_ARTICLES: Final = frozenset({"item", "sku", "gtin"})


@dataclass(frozen=True, slots=True)
class _Group:
    """Nodes of one name that stand at one path."""

    path: tuple[str, ...]
    nodes: tuple[Here, ...]

    @property
    def names(self) -> list[str]:
        """What its first node holds."""
        return list(_values(self.nodes[0].node))

    @property
    def listed(self) -> bool:
        """Whether the file says that there may be several, or has several."""
        return any(here.node.many for here in self.nodes) or len(self.nodes) > 1


def from_roots(
    roots: Sequence[Node], format_name: str, *, encoding: str = "utf-8", excerpt: Callable[[int], str] | None = None
) -> Sample:
    """Return the sample that trees of one format make; `excerpt` gives the first records as a test's text."""
    groups = [group for group in _groups(roots) if any(_values(here.node) for here in group.nodes)]
    if not groups:
        raise NoSample("nothing in the sample repeats or holds values")
    group = _records(groups)
    rows = [_with_heads(here) for here in group.nodes[:_MOST_ROWS]]
    header = tuple(dict.fromkeys(name for row in rows for name in row))
    if not _speaks_of(header, _HEADS) and _speaks_of([name for name in header if "../" not in name], _ARTICLES):
        header = tuple(name for name in header if not name.startswith("../"))
    cells = tuple(tuple(row.get(name, "") for name in header) for row in rows)
    path = ".".join(step(name) for name in group.path)
    labels = tuple(_label(name, (roots[0].name, *group.path)) for name in header)
    named = " ".join(dict.fromkeys([roots[0].name, *group.path]))
    return Sample(format_name, Sheet(header, cells, labels=labels), encoding, rows=path, named=named, excerpt=excerpt)


def _records(groups: Sequence[_Group]) -> _Group:
    """Return the heaviest group; where only a list within each of its nodes names articles, that list."""
    found = max(groups, key=lambda each: (_weight(each), -len(each.path)))
    within = [
        each for each in groups if len(each.path) > len(found.path) and each.path[: len(found.path)] == found.path
    ]
    lists = [each for each in within if each.listed and _speaks_of(each.names, _ARTICLES)]
    return max(lists, key=_weight) if lists and not _speaks_of(found.names, _ARTICLES) else found


def _speaks_of(header: Sequence[str], concepts: frozenset[str]) -> bool:
    return any(token.concepts & concepts for name in header for token in tokens(name))


def _label(name: str, path: tuple[str, ...]) -> str:
    """Return what a column is called: `@number` of an Invoice is the Invoice number."""
    up = name.count("../")
    own = name.replace("../", "")
    bare = all(token.concepts & _BARE for token in tokens(own)) and "." not in own
    holder = path[-1 - up] if bare and up < len(path) else ""
    return f"{holder} {own}".strip()


def step(name: str) -> str:
    """Return a name as a path writes it."""
    return name if _PLAIN.fullmatch(name) else f"'{name}'" if '"' in name else f'"{name}"'


def _groups(roots: Sequence[Node]) -> Iterator[_Group]:
    """Yield every group of nodes, level by level."""
    level: dict[tuple[str, ...], list[Here]] = {(): [Here(root) for root in roots]}
    for _ in range(_DEEPEST):
        below: dict[tuple[str, ...], list[Here]] = {}
        for path, nodes in level.items():
            yield _Group(path, tuple(nodes))
            for here in nodes:
                for child in here.node.children:
                    if child.values or child.children or child.many:
                        below.setdefault((*path, child.name), []).append(Here(child, here))
        level = below
        if not level:
            return


def _weight(group: _Group) -> float:
    """Return how much a group looks like the records: many, or marked as a list, with several values each."""
    filled = [len(_values(here.node)) for here in group.nodes[:50]]
    width = sum(filled) / len(filled)
    return math.sqrt(min(len(group.nodes), 20)) * width * (_LISTED if group.listed and group.path else 1.0)


def _values(node: Node, above: str = "", depth: int = 0, without: Node | None = None) -> dict[str, str]:
    """Return what a node holds by path, single nodes below it included."""
    found = {f"{above}{step(name)}": str(value) for name, value in node.values.items()}
    names = [child.name for child in node.children]
    for child in node.children:
        name = f"{above}{step(child.name)}"
        if names.count(child.name) > 1 and child.text:
            name += _told_apart(child, [each for each in node.children if each.name == child.name])
            if name.endswith("]"):
                found[name] = child.text
        if child is without or child.many or names.count(child.name) > 1 or depth > 3:
            continue
        if child.values or child.children:
            found |= _values(child, f"{name}.", depth + 1)
        if child.text:
            found[name] = child.text
    return found


def _told_apart(child: Node, alike: Sequence[Node]) -> str:
    """Return the filter that picks one of several nodes of a name by its one attribute: `[@type=net]`."""
    marks = [dict(each.values) for each in alike]
    own = dict(child.values)
    if len(own) != 1 or any(mark.keys() != own.keys() for mark in marks):
        return ""
    ((key, value),) = own.items()
    values = [str(mark[key]) for mark in marks]
    fine = len(set(values)) == len(values) and _PLAIN.fullmatch(str(value)) and _PLAIN.fullmatch(key)
    return f"[{key}={value}]" if fine else ""


def _with_heads(here: Here) -> dict[str, str]:
    """Return what a record holds, and what stands above it as `../name`."""
    row = _values(here.node)
    below, above, up = here.node, here.above, "../"
    while above is not None:
        # not what lies on the way down: the first of its kind would be read for all of them
        inner = {f"{up}{name}": value for name, value in _values(above.node, without=below).items()}
        row = {**inner, **row}
        below, above, up = above.node, above.above, up + "../"
    return row
