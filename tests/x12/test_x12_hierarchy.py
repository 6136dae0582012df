"""The levels of a ship notice: the tree comes from the parent ids, and from the order of levels where they fail."""

from __future__ import annotations

import pytest

from hub.codec.x12.fault import Severity
from hub.codec.x12.standard.hierarchy import MOST_LEVELS, Hierarchy, Level
from hub.codec.x12.standard.rules import LoopRule
from hub.codec.x12.standard.walk import Loop


def tree(*levels: str) -> tuple[list[str], list[str]]:
    """Each level with the path to it, and what was said; `"2*1*O"` is one HL."""
    hierarchy = Hierarchy()
    rule = LoopRule("HL")
    found: list[Level] = [
        hierarchy.add(Loop(rule, None, place), ["HL", *level.split("*")], place)
        for place, level in enumerate(levels, 3)
    ]
    return [_path(level) for level in found], [str(fault) for fault in hierarchy.faults]


def _path(level: Level) -> str:
    above = f"{_path(level.parent)}/" if level.parent is not None else ""
    return f"{above}{level.code}{level.number}"


@pytest.mark.parametrize(
    ("levels", "paths"),
    [
        (["1**S", "2*1*O", "3*2*P", "4*3*I", "5*3*I"], "S1 S1/O2 S1/O2/P3 S1/O2/P3/I4 S1/O2/P3/I5"),  # pick and pack
        (["1**S*1", "2*1*O*1", "3*2*I*0"], "S1 S1/O2 S1/O2/I3"),  # no packaging
        (["1**S", "2*1*P", "3*2*O", "4*3*I"], "S1 S1/P2 S1/P2/O3 S1/P2/O3/I4"),  # packages hold orders
        (["1**S", "2*1*O", "3*2*I", "4*3*P"], "S1 S1/O2 S1/O2/I3 S1/O2/I3/P4"),  # items hold packages
        (["A**S", "B*A*O", "C*A*O", "D*B*I"], "SA SA/OB SA/OC SA/OB/ID"),  # back to an earlier branch
        (["1**S", "2*1*O", "3**S", "4*3*O"], "S1 S1/O2 S3 S3/O4"),  # two shipments
        (["1**S", "2*1*ZZ", "3*2*I"], "S1 S1/ZZ2 S1/ZZ2/I3"),  # a level code that nobody knows
    ],
)
def test_parent_ids_make_the_tree_whatever_the_order_of_levels(levels: list[str], paths: str) -> None:
    assert tree(*levels) == (paths.split(), [])


def test_a_level_that_names_a_parent_which_is_not_there_goes_where_its_kind_usually_stands() -> None:
    paths, said = tree("1**S", "2*1*O", "3*2*P", "4*9*I", "5*8*O")
    assert paths == ["S1", "S1/O2", "S1/O2/P3", "S1/O2/P3/I4", "S1/O5"]
    assert said == [
        "HL02 (segment 6) '9': there is no level 9 before it; taken as part of level 3 (P)",
        "HL02 (segment 7) '8': there is no level 8 before it; taken as part of level 1 (S)",
    ]


def test_levels_without_parents_are_put_together_by_their_kind_and_said() -> None:
    paths, said = tree("1**S", "2**O", "3**P", "4**I", "5**I", "6**P", "7**I")
    assert paths == ["S1", "S1/O2", "S1/O2/P3", "S1/O2/P3/I4", "S1/O2/P3/I5", "S1/O2/P6", "S1/O2/P6/I7"]
    assert len(said) == 6


def test_a_number_that_is_used_twice_is_said_and_the_later_one_counts() -> None:
    paths, said = tree("1**S", "2*1*O", "2*1*O", "3*2*I")
    assert paths == ["S1", "S1/O2", "S1/O2", "S1/O2/I3"]
    assert said == ["HL01 (segment 5) '2': level number 2 is used before; the later one counts from here on"]


def test_a_level_that_is_its_own_parent_is_not_hung_on_itself() -> None:
    paths, said = tree("1**S", "2*2*O", "3*2*I")
    assert paths == ["S1", "S1/O2", "S1/O2/I3"]
    assert len(said) == 1


def test_nesting_ends_somewhere() -> None:
    hierarchy = Hierarchy()
    deepest = 0
    for number in range(1, 500):
        level = hierarchy.add(
            Loop(LoopRule("HL")), ["HL", str(number), str(number - 1) if number > 1 else "", "F"], number
        )
        deepest = max(deepest, level.depth)
    assert deepest == MOST_LEVELS
    assert {fault.severity for fault in hierarchy.faults} == {Severity.WARNING}
