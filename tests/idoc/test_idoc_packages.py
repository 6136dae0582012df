"""What of an item lies in which package, whatever the packages say."""

from __future__ import annotations

import pytest

from hub.codec.idoc.packages import PACKAGE, astray, note
from hub.codec.tree import Node

Item = dict[str, str]


def delivery(items: list[Item], *packages: list[Item]) -> Node:
    root = Node("DELVRY07")
    head = root.add(Node("E1EDL20"))
    for each in items:
        head.add(Node("E1EDL24", dict(each)))
    for number, contents in enumerate(packages, 1):
        package = head.add(Node("E1EDL37", {"EXIDV2": f"1Z{number}"}))
        for content in contents:
            package.add(Node("E1EDL44", dict(content)))
    note(root)
    return root


def told(root: Node) -> list[list[tuple[str, str, str]]]:
    """Each item's packages as (tracking, quantity, unit)."""
    items = [each for each in root.children[0].children if each.name == "E1EDL24"]
    return [
        [
            (each.get("EXIDV2"), each.get("VEMNG").removesuffix(".000"), each.get("VEMEH"))
            for each in item.children
            if each.name == PACKAGE
        ]
        for item in items
    ]


ITEM: Item = {"POSNR": "000010", "LFIMG": "4.000", "VRKME": "CT", "LGMNG": "48.000", "MEINS": "PCE"}


def packed(quantity: str, unit: str = "", item: str = "000010") -> Item:
    return {"POSNR": item, "VEMNG": quantity, **({"VEMEH": unit} if unit else {})}


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ([], [("", "4", "CT")]),
        ([[packed("4.000")]], [("1Z1", "4", "CT")]),
        ([[packed("1.000", "CT")], [packed("3.000", "CT")]], [("1Z1", "1", "CT"), ("1Z2", "3", "CT")]),
        ([[packed("12.000", "PCE")], [packed("36.000", "PCE")]], [("1Z1", "12", "PCE"), ("1Z2", "36", "PCE")]),
        ([[packed("1.000", "CT")]], [("1Z1", "1", "CT"), ("", "3", "CT")]),
        ([[packed("4.000", "CT")], [packed("4.000", "CT")]], [("1Z1", "4", "CT")]),  # the carton, and its pallet
        ([[packed("4.000")], [packed("1.000")], [packed("3.000")]], [("1Z2", "1", "CT"), ("1Z3", "3", "CT")]),
        ([[packed("1.000", "CT")], [packed("12.000", "PCE")]], [("1Z1", "4", "CT")]),  # in units that do not add up
        ([[packed("many")], [packed("1.000")]], [("1Z1", "4", "CT")]),
        ([[{"POSNR": "000010"}]], [("1Z1", "4", "CT")]),
        ([[packed("9.000", "CT", "000099")]], [("", "4", "CT")]),
        ([[packed("NaN")]], [("1Z1", "4", "CT")]),
        ([[packed("0.000")]], [("1Z1", "4", "CT")]),
    ],
    ids=[
        "none", "one", "two", "two in the base unit", "some loose", "carton and pallet", "cartons and pallet",
        "two units", "no number", "no quantity", "of another item", "not a number", "nothing",
    ],
)  # fmt: skip
def test_the_packages_of_an_item_hold_what_was_delivered(
    packages: list[list[Item]], expected: list[tuple[str, str, str]]
) -> None:
    assert told(delivery([ITEM], *packages)) == [expected]


def test_an_item_holds_nothing_beside_its_batches_and_something_where_it_keeps_a_part() -> None:
    batches: list[Item] = [
        {"POSNR": "900001", "HIPOS": "000010", "CHARG": "B1", "LFIMG": "1.000", "VRKME": "CT"},
        {"POSNR": "900002", "HIPOS": "000010", "CHARG": "B2", "LFIMG": "3.000", "VRKME": "CT"},
    ]
    for own, held in (("4.000", "0"), ("0.000", "0"), ("2.000", "2")):
        assert told(delivery([{**ITEM, "LFIMG": own}, *batches]))[0] == [("", held, "CT")]


def test_a_package_of_a_batch_may_name_the_item_above_it() -> None:
    batch: Item = {"POSNR": "900001", "HIPOS": "000010", "CHARG": "B1", "LFIMG": "4.000", "VRKME": "CT"}
    assert told(delivery([ITEM, batch], [{**packed("4.000"), "CHARG": "B1"}])) == [
        [("", "0", "CT")],
        [("1Z1", "4", "CT")],
    ]


def test_a_pallet_that_names_the_cartons_on_it_does_not_count_beside_them() -> None:
    carton = {"EXIDV": "00006141410000000012"}
    root = delivery([ITEM], [packed("2.000"), carton], [packed("1.000")], [packed("2.000")])
    assert told(root) == [[("1Z2", "1", "CT"), ("1Z3", "2", "CT"), ("", "1", "CT")]]


def test_items_are_known_with_zeros_in_front_or_without() -> None:
    assert told(delivery([ITEM], [packed("4.000", item="10")])) == [[("1Z1", "4", "CT")]]


def test_what_is_packed_of_no_item_of_the_delivery_is_astray() -> None:
    strange, other = packed("9.000", item="000099"), packed("1.000", item="000077") | {"VBELN": "0080000001"}
    root = delivery([ITEM], [strange, packed("0.000", item="000088"), packed("4.000"), other])
    root.children[0].values["VBELN"] = "80000002"
    assert [each.values["POSNR"] for each in astray(root)] == ["000099"]
