"""What of a delivery lies in which package: put below each item, as the packages stand behind all items in an IDoc.

An item (E1EDL24) gets a `@package` for each package that it is in: the fields of E1EDL37, and VEMNG (quantity) and
VEMEH (unit) of what of the item lies there. Together they hold what was delivered: what lies in no package is one
without a number. Where the packages hold more (cartons, and the pallets below them), those around others are left out,
and where that is not it, the first one stands for all. `@number` counts them from 1.

An item that only stands for the batches behind it (HIPOS), with no quantity or their total, says that as `@split` and
holds nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hub.codec.tree import Node
from hub.model.number import NotANumber, parse_number, plain

#: What `note` adds, and nothing is written for.
PACKAGE: Final = "@package"
_PACKED: Final = ("VEMNG", "VEMEH")
#: Marks a package that holds other packages.
_HOLDS: Final = "@holds"
_BY_UNIT: Final = (("LFIMG", "VRKME"), ("LGMNG", "MEINS"))


def note(root: Node) -> None:
    """Put below each item of a delivery what lies in which package."""
    for delivery in _named(root, "E1EDL20"):
        every = [*_named(delivery, "E1EDL24")]
        items = {_digits(item, "POSNR"): item for item in reversed(every)}
        batches = _note_splits(every, items)
        inside: dict[int, list[Node]] = defaultdict(list)
        for package in _named(delivery, "E1EDL37"):
            contents = [*_named(package, "E1EDL44")]
            holds = {_HOLDS: "1"} if any(map(_is_package, contents)) else {}
            for content in contents:
                number = _digits(content, "POSNR")
                item = batches.get((number, content.values.get("CHARG", ""))) or items.get(number)
                if item is not None and number:
                    values = {**package.values, **holds}
                    values.update((key, content.values[key]) for key in _PACKED if key in content.values)
                    inside[id(item)].append(Node(PACKAGE, values, line=content.line, offset=content.offset))
        for item in every:
            for count, package in enumerate(_whole(item, inside[id(item)]), 1):
                package.values["@number"] = str(count)
                item.add(package)


def astray(root: Node) -> Iterator[Node]:
    """Yield what lies in a package and is of an item that its delivery does not have: nobody can say of which order."""
    for delivery in _named(root, "E1EDL20"):
        known = {_digits(item, "POSNR") for item in _named(delivery, "E1EDL24")}
        own = _digits(delivery, "VBELN")
        for package in _named(delivery, "E1EDL37"):
            for content in _named(package, "E1EDL44"):
                number, of = _digits(content, "POSNR"), _digits(content, "VBELN")
                if number and number not in known and of in ("", own) and _amount(content.values.get("VEMNG", "")):
                    yield content


def _digits(node: Node, key: str) -> str:
    """Return a number without the zeros in front: some converters take them off in one place and not in another."""
    return node.values.get(key, "").lstrip("0")


def _is_package(content: Node) -> bool:
    """Whether what lies in a package is another package, and no item."""
    return bool(content.values.get("EXIDV")) and not _digits(content, "POSNR")


def _named(node: Node, name: str) -> Iterator[Node]:
    return (child for child in node.children if child.name == name)


def _whole(item: Node, packages: list[Node]) -> list[Node]:
    """Return packages that hold just what was delivered of an item."""
    if "@split" in item.values:
        return [
            Node(PACKAGE, {"VEMNG": "0", "VEMEH": item.values.get("VRKME", "")}, line=item.line, offset=item.offset)
        ]
    quantity, unit = next(
        ((of, by) for of, by in _BY_UNIT if of in item.values and _all_in(packages, item.values.get(by, ""))),
        next(((of, by) for of, by in _BY_UNIT if of in item.values), _BY_UNIT[0]),
    )
    total, unit = item.values.get(quantity, ""), item.values.get(unit, "")
    delivered = _amount(total)
    found = _fitting(packages, delivered, unit) if delivered is not None else None
    if delivered is None or found is None:
        first = packages[:1] or [Node(PACKAGE, line=item.line, offset=item.offset)]
        first[0].values.update({"VEMNG": total, "VEMEH": unit})
        return first
    packages, held = found
    for each in packages:
        each.values.setdefault("VEMEH", unit)
    if rest := delivered - held:
        packages.append(Node(PACKAGE, {"VEMNG": plain(rest), "VEMEH": unit}, line=item.line, offset=item.offset))
    return packages


def _fitting(packages: list[Node], delivered: Decimal, unit: str) -> tuple[list[Node], Decimal] | None:
    """Return packages that hold no more than was delivered, and how much: all, else without those around others.

    Where nobody says which these are, they are those that hold all of it.
    """
    inner = [each for each in packages if _HOLDS not in each.values]
    parts = [each for each in inner if _amount(each.values.get("VEMNG", "")) != delivered]
    for some in (packages, inner, parts):
        held = _held(some, unit)
        if held is not None and 0 < held <= delivered:
            return some, held
    return None


def _held(packages: Sequence[Node], unit: str) -> Decimal | None:
    """Return what packages hold together; None where one does not say it, or not in this unit."""
    amounts = [_amount(each.values.get("VEMNG", "")) for each in packages]
    known = [each for each in amounts if each is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) and _all_in(packages, unit) else None


def _all_in(packages: Sequence[Node], unit: str) -> bool:
    return all(each.values.get("VEMEH", unit) == unit for each in packages)


def _amount(text: str) -> Decimal | None:
    try:
        return parse_number(text)
    except NotANumber:
        return None


def _note_splits(every: Sequence[Node], items: Mapping[str, Node]) -> dict[tuple[str, str], Node]:
    """Mark items whose batches say all; return the batches by item and CHARG. One that keeps a part is not marked."""
    below: dict[str, list[Node]] = defaultdict(list)
    for item in every:
        if item.values.get("CHARG") and (above_it := _digits(item, "HIPOS")):
            below[above_it].append(item)
    found: dict[tuple[str, str], Node] = {}
    for number, batches in below.items():
        amounts = [_amount(each.values.get("LFIMG", "")) for each in batches]
        total = sum((each for each in amounts if each is not None), Decimal(0))
        above = items.get(number)
        if above is not None and None not in amounts and _amount(above.values.get("LFIMG", "0")) in (0, total):
            above.values["@split"] = plain(total)
            found |= {(number, each.values["CHARG"]): each for each in batches}
    return found
