"""IDocs as trees: what mapping files read and write, by the one path grammar."""

from __future__ import annotations

import pytest

from hub.codec.fault import Refused, Unreadable
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.tree import IdocFormat, idoc_of, tree
from hub.codec.idoc.writer import as_flat, write
from hub.codec.path import parse
from hub.codec.tree import Here, Node
from tests.idoc.idoc_kit import control, data, flat, told


def root() -> Node:
    (found,) = IdocFormat().read(flat().encode())
    assert isinstance(found, Node)
    return found


def test_the_root_is_named_by_the_type_and_begins_with_the_control_record() -> None:
    assert root().name == "ORDERS05"
    assert root().children[0].name == "EDI_DC40"
    assert root().children[0].values["MESTYP"] == "ORDERS"


def test_paths_read_fields_by_their_qualifier() -> None:
    (line, _) = [Here(child, Here(root())) for child in root().children if child.name == "E1EDP01"]
    assert parse("E1EDP19[QUALF=002].IDTNR").value(line) == "LL-01020304"
    assert parse("E1EDP19[QUALF=003].IDTNR").value(line) == ""
    assert parse("../E1EDKA1[PARVW=WE].PARTN").value(line) == "0000010260"


def test_a_node_says_where_it_stands() -> None:
    line = next(child for child in root().children if child.name == "E1EDP01")
    assert (line.number, line.line, line.offset) == (4, 5, 525 + 3 * 1064)


def test_a_tree_goes_back_to_the_same_idoc() -> None:
    whole = next(idocs([flat().encode()]))
    assert told(idoc_of(tree(whole))) == told(whole)
    assert write([idoc_of(tree(whole))], as_flat()).decode() == flat()


def test_segments_are_put_into_the_order_of_their_type() -> None:
    mixed = Node("ORDERS05")
    line = mixed.add(Node("E1EDP01", {"POSEX": "000010"}))
    line.add(Node("E1EDP19", {"QUALF": "002"}))
    line.add(Node("E1EDP20", {"WMENG": "1.000"}))
    mixed.add(Node("Z1MINE", {"SDATA": "x"}))
    mixed.add(Node("E1EDK01", {"CURCY": "EUR"}))
    names = [each.name for each in idoc_of(mixed).segments]
    assert names == ["E1EDK01", "E1EDP01", "E1EDP20", "E1EDP19", "Z1MINE"]


def test_a_fragment_without_its_control_record_is_read() -> None:
    (found,) = IdocFormat().read("\n".join(flat().splitlines()[1:]).encode())
    assert isinstance(found, Node)
    assert found.name == "ORDERS05"
    assert [child.name for child in found.children][:2] == ["E1EDK01", "E1EDK03"]


def test_a_truncated_idoc_is_unreadable_and_the_others_are_read() -> None:
    found = list(IdocFormat().read((flat(end="") + flat(end="")[: 524 + 1063 + 90]).encode()))
    assert isinstance(found[0], Node)
    assert isinstance(found[1], Unreadable)
    assert found[1].code == "truncated"
    assert found[1].offset == 2 * 524 + 10 * 1063


def test_what_is_no_idoc_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="holds no IDoc"):
        list(IdocFormat().read(b""))
    with pytest.raises(Refused, match="version 2") as refused:
        list(IdocFormat().read(f"{'EDI_DC':10}400".encode()))
    assert "record version 3" in refused.value.todo


def test_a_tree_that_is_too_deep_is_refused() -> None:
    top = node = Node("ORDERS05")
    for _ in range(200):
        node = node.add(Node("E1EDP01"))
    with pytest.raises(ValueError, match="an IDoc has 99"):
        idoc_of(top)


def test_saps_minus_behind_a_number_stands_before_it_in_the_tree_and_goes_back_behind_it() -> None:
    content = flat().replace("131.38 ", "131.38-").replace("LL-9 ", "LL-9-")
    whole = next(idocs([content.encode()]))
    made = tree(whole)
    assert made.children[-1].values == {"SUMID": "002", "SUMME": "-131.38"}
    assert made.children[-2].children[0].values["IDTNR"] == "LL-9-"  # no number
    assert told(idoc_of(made)) == told(whole)


def test_a_date_that_was_not_set_is_none_and_is_written_again() -> None:
    content = "\n".join(
        [control("DELVRY07", "DESADV"), *data([("E2EDT13001", 0, 3, f"006{'':24}20261122{'':26}00000000")])]
    )
    (idoc,) = idocs([content.encode()])
    root = tree(idoc)
    dates = next(each for each in root.children if each.name == "E1EDT13")
    assert ("ISDD" in dates.values, dates.values["NTANF"]) == (False, "20261122")
    assert told(idoc_of(root))[1] == told(idoc)[1]
