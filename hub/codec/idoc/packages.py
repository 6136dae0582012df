"""What of a delivery lies in which package: put below each item, as the packages stand behind all items in an IDoc.

An item (E1EDL24) gets a `@package` for each package that it is in: the fields of E1EDL37, and VEMNG (quantity) and
VEMEH (unit) of what of the item lies there. Together they hold what was delivered: what lies in no package is one
without a number; where the packages hold more (cartons, and the pallets below them), the first one stands for all.
`@number` counts them from 1.

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
_BY_UNIT: Final = (("LFIMG", "VRKME"), ("LGMNG", "MEINS"))


def note(root: Node) -> None:
    """Put below each item of a delivery what lies in which package."""
    for delivery in _named(root, "E1EDL20"):
        items = {item.values.get("POSNR", ""): item for item in _named(delivery, "E1EDL24")}
        batches = _note_splits(items)
        inside: dict[int, list[Node]] = defaultdict(list)
        for package in _named(delivery, "E1EDL37"):
            for content in _named(package, "E1EDL44"):
                number = content.values.get("POSNR", "")
                item = batches.get((number, content.values.get("CHARG", ""))) or items.get(number)
                if item is not None:
                    values = dict(package.values)
                    values.update((key, content.values[key]) for key in _PACKED if key in content.values)
                    inside[id(item)].append(Node(PACKAGE, values, line=content.line, offset=content.offset))
        for item in items.values():
            for count, package in enumerate(_whole(item, inside[id(item)]), 1):
                package.values["@number"] = str(count)
                item.add(package)


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
    held = [_amount(each.values.get("VEMNG", "")) for each in packages]
    delivered = _amount(total)
    known = [each for each in held if each is not None]
    if delivered is None or len(known) < len(held) or not _all_in(packages, unit) or not 0 < sum(known) <= delivered:
        first = packages[:1] or [Node(PACKAGE, line=item.line, offset=item.offset)]
        first[0].values.update({"VEMNG": total, "VEMEH": unit})
        return first
    for each in packages:
        each.values.setdefault("VEMEH", unit)
    if rest := delivered - sum(known, Decimal(0)):
        packages.append(Node(PACKAGE, {"VEMNG": plain(rest), "VEMEH": unit}, line=item.line, offset=item.offset))
    return packages


def _all_in(packages: Sequence[Node], unit: str) -> bool:
    return all(each.values.get("VEMEH", unit) == unit for each in packages)


def _amount(text: str) -> Decimal | None:
    try:
        return parse_number(text)
    except NotANumber:
        return None


def _note_splits(items: Mapping[str, Node]) -> dict[tuple[str, str], Node]:
    """Mark items whose batches say all; return the batches by item and CHARG. One that keeps a part is not marked."""
    below: dict[str, list[Node]] = defaultdict(list)
    for item in items.values():
        if item.values.get("CHARG") and item.values.get("HIPOS", "").strip("0"):
            below[item.values["HIPOS"]].append(item)
    found: dict[tuple[str, str], Node] = {}
    for number, batches in below.items():
        amounts = [_amount(each.values.get("LFIMG", "")) for each in batches]
        total = sum((each for each in amounts if each is not None), Decimal(0))
        above = items.get(number)
        if above is not None and None not in amounts and _amount(above.values.get("LFIMG", "0")) in (0, total):
            above.values["@split"] = plain(total)
            found |= {(number, each.values["CHARG"]): each for each in batches}
    return found
