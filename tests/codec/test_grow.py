"""Trees built from paths: what the left sides of an outbound document make."""

from __future__ import annotations

import pytest

from hub.codec.grow import Grower, buildable
from hub.codec.path import parse
from hub.codec.tree import Here, Node

PAIRS = {"LIN": 2, "PO1": 6, "PER": 3}


def grown(*fields: tuple[str, str], fixed: tuple[tuple[str, str], ...] = (), leaves: bool = False) -> Node:
    """Return what these values of a record, and then these constants, make."""
    grower = Grower(Node("850"), leaves=leaves)
    for path, text in fields:
        grower.put(parse(path, PAIRS).steps, text, fixed=False)
    for path, text in fixed:
        grower.put(parse(path, PAIRS).steps, text, fixed=True)
    return grower.finished()


def flat(node: Node) -> list[tuple[str, dict[str, str]]]:
    return [(child.name, child.values) for child in node.children]


def test_a_qualifier_finds_its_segment_or_makes_it() -> None:
    made = grown(("REF[VR].02", "88213"), ("REF[DP].02", "7"), ("REF[VR].03", "text"))
    assert flat(made) == [("REF", {"01": "VR", "02": "88213", "03": "text"}), ("REF", {"01": "DP", "02": "7"})]


def test_a_path_that_ends_at_a_qualifier_writes_what_follows_it() -> None:
    made = grown(("REF[VR]", "88213"), ("PO1.02", "5"), ("PO1[VN]", "N-77"), ("PO1[SK]", "AB-100"), ("PO1[VN]", "N-78"))
    pairs = {"02": "5", "06": "VN", "07": "N-78", "08": "SK", "09": "AB-100"}
    assert flat(made) == [("REF", {"01": "VR", "02": "88213"}), ("PO1", pairs)]


def test_a_segment_of_pairs_may_have_a_first_qualifier_too() -> None:
    made = grown(("PER[BD].02", "Ann"), ("PER[TE]", "555"), ("PER[EM]", ""))
    assert flat(made) == [("PER", {"01": "BD", "02": "Ann", "03": "TE", "04": "555"})]


def test_a_segment_that_got_no_value_of_the_record_is_left_out_with_its_constants() -> None:
    made = grown(
        ("N1[ST].02", ""), ("BEG.03", "PO-1"), fixed=(("N1[ST].03", "92"), ("BEG.01", "00"), ("REF[VR].02", "8"))
    )
    assert flat(made) == [("BEG", {"03": "PO-1", "01": "00"}), ("REF", {"01": "VR", "02": "8"})]


def test_segments_below_others_stand_in_them() -> None:
    made = grown(("N1[ST].02", "Ann"), ("N1[ST].N4.01", "Austin"), ("N1[BT].N4.01", ""))
    assert [(each.name, flat(each)) for each in made.children] == [("N1", [("N4", {"01": "Austin"})])]


def test_a_counted_segment_is_made_after_those_before_it() -> None:
    made = grown(("TD5[#2].03", "UPSN"), ("TD5[#1].03", ""))
    assert flat(made) == [("TD5", {"03": "UPSN"})]
    made = grown(("TD5[#1].03", "A"), ("TD5[#3].03", "C"), ("TD5[#2].03", "B"))
    assert [values["03"] for _, values in flat(made)] == ["A", "B", "C"]


def test_each_line_is_a_node_of_its_own_and_names_itself() -> None:
    grower = Grower(Node("ORDERS05"))
    for number in ("10", "20"):
        line = grower.another(parse("IDOC.E1EDP01").steps)
        grower.put(parse("E1EDP01.POSEX").steps, number, fixed=False, below=line)
        grower.put(parse("E1EDP01.E1EDP19[QUALF=002].IDTNR").steps, f"N-{number}", fixed=False, below=line)
        grower.put(parse("E1EDP01.MENEE").steps, "PCE", fixed=True, below=line)
    (idoc,) = grower.finished().children
    assert [each.values for each in idoc.children] == [{"POSEX": n, "MENEE": "PCE"} for n in ("10", "20")]
    assert [each.children[0].values for each in idoc.children] == [
        {"QUALF": "002", "IDTNR": f"N-{n}"} for n in ("10", "20")
    ]
    assert all(each.many for each in idoc.children)


def test_where_a_value_is_an_element_of_its_own_order_is_kept() -> None:
    made = grown(("Number", "PO-1"), ("Ship.City", "Austin"), ("Ship.@code", "7"), ("Note", ""), leaves=True)
    assert [(each.name, each.text) for each in made.children] == [("Number", "PO-1"), ("Ship", "")]
    assert made.children[1].values == {"@code": "7"}
    assert parse("Ship.City").value(Here(made)) == "Austin"


def test_a_segment_has_room_for_so_many_pairs() -> None:
    with pytest.raises(ValueError, match="LIN has no room for another pair, Q15"):
        grown(*((f"LIN[Q{number}]", "x") for number in range(20)))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../A.B", "../ reads what is around a record"),
        ("**.A.B", "* and ** find something"),
        ("*.B", "* and ** find something"),
        ("A[K=V]", "the path ends at a segment"),
        ("A[#2]", "the path ends at a segment"),
        ("A[V]", ""),
        ("A.B[K=V].C", ""),
    ],
)
def test_what_only_finds_something_cannot_be_written(path: str, why: str) -> None:
    assert buildable(parse(path)).startswith(why)
    assert bool(buildable(parse(path))) is bool(why)
