"""Transaction sets as trees: loops and packages nest, every value keeps its place, and a tree is written in order."""

from __future__ import annotations

import pytest

from hub.codec.fault import Refused, Unreadable
from hub.codec.tree import Node
from hub.codec.x12.fault import Fault, Level
from hub.codec.x12.interchange import Separators
from hub.codec.x12.reader import transaction_sets
from hub.codec.x12.tree import X12Format, segments_of, tree
from hub.codec.x12.writer import CannotWrite, Policy

ISA = "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*^*00501*000000007*0*P*>~"
SHIP = [
    "ST*856*0001",
    "BSN*00*S1*20260115*1200*0001",
    "HL*1**S",
    "TD5*O*2*UPSN",
    "N1*SF*Warehouse*92*W1",
    "N3*1 Dock Road",
    "HL*2*1*O",
    "PRF*4711",
    "HL*3*2*P",
    "MAN*GM*00100000000000000018",
    "HL*4*3*I",
    "LIN*1*UP*012345678905*VN*MUG",
    "SN1*1*2*EA",
    "HL*5*2*P",
    "CTT*5",
]


def document(lines: list[str], group: str = "SH", version: str = "005010") -> bytes:
    body = "".join(f"{line}~\n" for line in [*lines, f"SE*{len(lines) + 1}*0001"])
    return f"{ISA}\nGS*{group}*US*THEM*20260115*1200*70*X*{version}~\n{body}GE*1*70~\nIEA*1*000000007~\n".encode()


def tree_of(lines: list[str], group: str = "SH") -> tuple[Node, list[Fault]]:
    faults: list[Fault] = []
    (one,) = transaction_sets([document(lines, group)])
    return tree(one, faults), faults


def shape(node: Node) -> str:
    inside = " ".join(shape(child) for child in node.children)
    return f"{node.name}({inside})" if inside else node.name


def found(node: Node, *names: str) -> Node:
    for name in names:
        node = next(child for child in node.children if child.name == name)
    return node


def test_loops_and_packages_nest() -> None:
    root, faults = tree_of(SHIP)
    assert faults == []
    assert shape(root) == ("856(ISA GS BSN HL(TD5 N1(N3) HL(PRF HL(MAN HL(LIN SN1)) HL)) CTT)")
    assert root.values == {"01": "856", "02": "0001"}


def test_every_segment_knows_its_number_and_its_byte() -> None:
    root, _ = tree_of(SHIP)
    item = found(root, "HL", "HL", "HL", "HL", "LIN")
    assert item.number == 12
    assert document(SHIP)[item.offset :].startswith(b"LIN*1*UP")
    assert item.where() == "LIN, segment 12"


def test_components_and_repetitions_have_keys_of_their_own() -> None:
    root, _ = tree_of(["ST*850*0001", "BEG*00*SA*1**20260115", "REF*ZZ*A>B^C**X", "CTT*0"], "PO")
    assert found(root, "REF").values == {
        "01": "ZZ", "02": "A>B", "02.1": "A", "02.2": "B", "02#2": "C", "04": "X",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["HL*1**S", "HL*2*9*O", "HL*3*2*I"], "HL(HL(HL))"),
        (["HL*1**S", "HL*2**O", "HL*3**I", "HL*4**O"], "HL(HL(HL) HL)"),
        (["HL*1*1*S", "HL*2*2*O"], "HL(HL)"),
        (["HL*1**S", "HL*2*1*ZZ", "HL*3*2*I"], "HL(HL(HL))"),
    ],
)
def test_a_wrong_parent_costs_nothing_but_a_warning(lines: list[str], expected: str) -> None:
    root, _ = tree_of([*SHIP[:2], *lines, "CTT*1"])
    assert shape(root) == f"856(ISA GS BSN {expected} CTT)"


def test_a_missing_parent_is_told() -> None:
    _, faults = tree_of([*SHIP[:2], "HL*1**S", "HL*2*9*O", "CTT*2"])
    (fault,) = faults
    assert (fault.place, fault.value, fault.code.level) == ("HL02 (segment 4)", "9", Level.ELEMENT)
    assert "there is no level 9 before it" in str(fault)
    assert document([*SHIP[:2], "HL*1**S"])[fault.offset - 9 :].startswith(b"HL*1")


def test_a_chain_of_parents_without_end_stays_shallow() -> None:
    chain = [f"HL*{number}*{number - 1}*I" for number in range(1, 3000)]
    root, _ = tree_of([*SHIP[:2], *chain])
    assert shape(root).count("HL") == 2999


def test_a_set_that_we_do_not_describe_is_a_flat_tree() -> None:
    root, _ = tree_of(["ST*753*0001", "BGN*00*1", "N1*ST*X", "N3*Y"], "RF")
    assert shape(root) == "753(ISA GS BGN N1 N3)"


def test_an_unknown_segment_is_kept() -> None:
    root, _ = tree_of(["ST*850*0001", "BEG*00*SA*1**20260115", "ZZZ*1", "PO1*1*2*EA*3", "ZZY*2", "CTT*1"], "PO")
    assert shape(root) == "850(ISA GS BEG ZZZ PO1(ZZY) CTT)"


def test_a_tree_is_written_in_the_order_of_the_grammar_with_numbered_packages() -> None:
    ship = Node(
        "HL", {"03": "S"}, [Node("HL", {"03": "O"}, [Node("PRF", {"01": "4711"})]), Node("TD5", {"03": "UPSN"})]
    )
    root = Node("856", {}, [Node("CTT", {"01": "2"}), ship, Node("BSN", {"01": "00", "02": "S1"})])
    assert segments_of(root, Separators()) == [
        ["ST", "856", "0001"],
        ["BSN", "00", "S1"],
        ["HL", "1", "", "S", "1"],
        ["TD5", "", "", "UPSN"],
        ["HL", "2", "1", "O", "0"],
        ["PRF", "4711"],
        ["CTT", "2"],
    ]


def test_what_was_read_is_written_again() -> None:
    root, _ = tree_of(SHIP)
    written = segments_of(root, Separators(repetition="^"), "005010")
    assert ["*".join(segment) for segment in written] == SHIP


def test_components_are_joined_and_data_is_guarded() -> None:
    node = Node("SLN", {"01": "1", "03.1": "A", "03.3": "C", "04#2": "y", "04": "x"})
    separators = Separators(repetition="^")
    assert segments_of(Node("850", {}, [node]), separators)[1] == ["SLN", "1", "", "A>>C", "x^y"]
    with pytest.raises(CannotWrite, match="structures"):
        X12Format().write([Node("850", {}, [Node("MSG", {"01": "a~b"})])])
    assert b"MSG*a b~" in X12Format(policy=Policy.REPLACE).write([Node("850", {}, [Node("MSG", {"01": "a~b"})])])
    with pytest.raises(CannotWrite, match="no element 'name'"):
        segments_of(Node("850", {}, [Node("N1", {"name": "x"})]), separators)


def test_a_fragment_without_envelope_is_read_and_written() -> None:
    text = b"ST*850*0001~\nBEG*00*SA*4711**20260115~\nPO1*1*2*EA*9.5~\nCTT*1~\nSE*5*0001~\n"
    (root,) = X12Format().read(text)
    assert isinstance(root, Node)
    assert found(root, "BEG").values["03"] == "4711"
    assert found(root, "BEG").offset == text.index(b"BEG")
    assert X12Format().write([root]) == text


def test_a_set_without_its_end_is_unreadable_and_the_others_are_not() -> None:
    text = document(SHIP).replace(b"GE*1", b"ST*856*0002~BSN*00*X~GE*2")
    good, bad = X12Format().read(text)
    assert isinstance(good, Node)
    assert isinstance(bad, Unreadable)
    assert bad.code == "set_trailer_missing"
    assert text[bad.offset :].startswith(b"ST*856*0002")


def test_what_is_no_x12_is_refused() -> None:
    with pytest.raises(Refused, match="no readable ISA"):
        list(X12Format().read(b"sku,quantity\nMUG,3\n"))
