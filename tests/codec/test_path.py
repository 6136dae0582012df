"""Paths over neutral trees: X12-like, IDoc-like, XML- and JSON-like ones made by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.codec.path import LONGEST, PathRefused, parse
from hub.codec.tree import Here, Node

#: Where the pairs of some X12 segments begin.
PAIRS = {"LIN": 2, "PO1": 6, "PER": 3}


def segment(text: str, *children: Node) -> Node:
    """Return a segment as an X12 codec makes it: `QTY*33*4*BX`."""
    name, *elements = text.split("*")
    values = {f"{number:02}": value for number, value in enumerate(elements, 1) if value}
    return Node(name, values, list(children))


def idoc(name: str, *children: Node, **fields: str) -> Node:
    return Node(name, fields, list(children))


STOCK = Node(
    "846",
    children=[
        segment("BIA*00*SI*7"),
        segment("LIN**VN*N-77*SK*AB-100", segment("QTY*33*4*BX"), segment("QTY*63*9*EA"), segment("N1*WH*RENO*92*11")),
        segment("LIN**SK*AB-200*VN*N-78", segment("QTY*33**EA"), segment("QTY*33*5*EA")),
    ],
)
RESPONSE = idoc(
    "ORDERS05",
    idoc("EDI_DC40", DOCNUM="0000000000000042"),
    idoc("E1EDK02", QUALF="002", BELNR="SO-9"),
    idoc("E1EDK02", QUALF="001", BELNR="PO-1"),
    idoc(
        "E1EDP01",
        idoc("E1EDP20", EDATU="20261123"),
        idoc("E1EDP20", EDATU="20261130"),
        idoc("E1EDP19", QUALF="002", IDTNR="N-77"),
        idoc("E1EDP19", QUALF="001", IDTNR="AB-100"),
        POSEX="000010",
    ),
    idoc("E1EDP01", POSEX="000020"),
)
ITEM = segment("HL*4*3*I", segment("LIN**SK*AB-100"), segment("SN1**2*EA"))
LOOSE = segment("HL*5*2*I", segment("LIN**SK*AB-200"), segment("SN1**1*EA"))
PACK = segment("HL*3*2*P", segment("MAN*CP*1Z01"), ITEM)
NOTICE = Node(
    "856", children=[segment("HL*1**S", segment("TD5*B*2*UPSN"), segment("HL*2*1*O", segment("PRF*PO-1"), PACK, LOOSE))]
)


def value(path: str, here: Here) -> str:
    return parse(path, PAIRS).value(here)


def records(root: Node, path: str) -> list[Here]:
    return list(parse(path, PAIRS).nodes(Here(root)))


class TestX12:
    FIRST, SECOND = (Here(each) for each in STOCK.children[1:])

    @pytest.mark.parametrize(
        ("path", "first", "second"),
        [
            ("LIN[SK]", "AB-100", "AB-200"),
            ("LIN[VN]", "N-77", "N-78"),
            ("LIN[UP]", "", ""),
            ("LIN.03", "N-77", "AB-200"),
            (".03", "N-77", "AB-200"),
            ("QTY[33].02", "4", "5"),
            ("QTY[33]", "4", "5"),
            ("QTY[63].03", "EA", ""),
            ("QTY[#2].02", "9", "5"),
            ("QTY[33][#2].02", "", "5"),
            ("QTY[03=EA].02", "9", "5"),
            ("QTY[#3].02", "", ""),
            ("N1[WH].04", "11", ""),
            ("N1[ST].04", "", ""),
            ("../BIA.03", "", ""),
        ],
    )
    def test_a_path_is_read_in_a_row_of_stock(self, path: str, first: str, second: str) -> None:
        assert (value(path, self.FIRST), value(path, self.SECOND)) == (first, second)

    def test_a_row_knows_what_encloses_it(self) -> None:
        assert [value("../BIA.02", each) for each in records(STOCK, "LIN")] == ["SI", "SI"]

    def test_a_segment_of_pairs_may_have_a_first_qualifier_too(self) -> None:
        here = Here(Node("850", children=[segment("PER*BD*Ann*TE*555*EM*a@b.example")]))
        found = [value(path, here) for path in ("PER[BD].02", "PER[BD]", "PER[TE]", "PER[EM]", "PER[FX]")]
        assert found == ["Ann", "Ann", "555", "a@b.example", ""]

    def test_an_item_is_found_under_its_parents_at_any_depth(self) -> None:
        items = records(NOTICE, "**.HL[03=I]")
        assert [value("LIN[SK]", each) for each in items] == ["AB-100", "AB-200"]
        assert [value(".../HL[03=O].PRF.01", each) for each in items] == ["PO-1", "PO-1"]
        assert [value(".../HL[03=P].MAN[CP].02", each) for each in items] == ["1Z01", ""]
        assert [value("../MAN[CP].02", each) for each in items] == ["1Z01", ""]
        assert [value("../../PRF.01", each) for each in items] == ["PO-1", ""]
        assert [value(".../TD5.03", each) for each in items] == ["UPSN", "UPSN"]

    def test_nested_loops_are_rows_of_rows(self) -> None:
        found = records(NOTICE, "HL[03=S].HL[03=O].HL")
        assert [value(".03", each) for each in found] == ["P", "I"]

    def test_a_component_and_a_repeat_are_values_of_their_own(self) -> None:
        here = Here(Node("MEA", {"03": "A:B", "03.1": "A", "03.2": "B", "05": "X", "05#2": "Y"}))
        assert [value(path, here) for path in ("'03.2'", ".05#2", ".05")] == ["B", "Y", "X"]


class TestIdoc:
    def test_a_line_names_its_fields_its_segments_and_what_encloses_it(self) -> None:
        first, second = records(RESPONSE, "E1EDP01")
        assert value("POSEX", first) == "000010"
        assert value("E1EDP01.POSEX", first) == "000010"
        assert value("E1EDP19[QUALF=001].IDTNR", first) == "AB-100"
        assert value("E1EDP20.EDATU", first) == "20261123"
        assert value("E1EDP20[#2].EDATU", first) == "20261130"
        assert value("../E1EDK02[QUALF=001].BELNR", second) == "PO-1"
        assert value("../../E1EDK02[QUALF=001].BELNR", second) == ""
        assert value("E1EDP19[QUALF=001].IDTNR", second) == ""

    def test_a_document_without_lines_may_still_be_one_record(self) -> None:
        bare = idoc("ORDERS05", idoc("E1EDK02", QUALF="001", BELNR="PO-1"))
        assert records(bare, "E1EDP01") == []
        (only,) = parse("E1EDP01").nodes(Here(bare), empty=True)
        assert value("../E1EDK02[QUALF=001].BELNR", only) == "PO-1"
        assert value("POSEX", only) == ""

    def test_where_not_even_what_holds_the_lines_is_there_is_no_record(self) -> None:
        assert list(parse("IDOC.E1EDP01").nodes(Here(idoc("ORDERS05")), empty=True)) == []


class TestXmlAndJson:
    ORDER = Node(
        "Order",
        {"@id": "7"},
        [
            Node("Number", text="PO-1"),
            Node("Lines", children=[Node("Line", {"@no": "1"}, [Node("Sku", text="AB")], text="note")]),
        ],
    )

    def test_an_element_is_its_text_and_an_attribute_has_an_at(self) -> None:
        here = Here(self.ORDER)
        assert [value(path, here) for path in ("Number", "Order.Number", "@id")] == ["PO-1", "PO-1", "7"]
        (line,) = records(self.ORDER, "Lines.Line")
        assert [value(path, line) for path in ("Sku", "@no", "Line", "../../Number", ".../Number")] == [
            *("AB", "1", "note", "PO-1", "PO-1")
        ]

    def test_any_name_and_odd_names_are_found(self) -> None:
        root = Node("", children=[Node("items", {"odd.name": "1"}), Node("other", {"odd.name": "2", "a b": "="})])
        assert [value('"odd.name"', each) for each in records(root, "*")] == ["1", "2"]
        assert value("*[\"odd.name\"='2'].a b", Here(root)) == "="
        assert value('*["a b"="="].\'odd.name\'', Here(root)) == "2"

    def test_a_value_counts_before_a_child_of_the_same_name(self) -> None:
        assert value("line", Here(Node("line", {"line": "3"}, text="no"))) == "3"

    def test_a_node_says_where_it_is(self) -> None:
        assert Node("LIN", number=7).where() == "LIN, segment 7"
        assert Node("E1EDP01", line=12, offset=9).where() == "E1EDP01, line 12"
        assert Node("x", offset=0).where() == "x, byte 0"
        assert Node("x").where() == "x"


@pytest.mark.parametrize(
    ("path", "column", "why"),
    [
        ("", 1, "a name is missing here"),
        ("../", 4, "a name is missing here"),
        ("A..B", 3, "a name is missing here"),
        ("A.", 3, "a name is missing here"),
        ("A[1", 4, "a ] is missing here"),
        ("A[]", 3, "a filter is [K=V], [V] or [#2]"),
        ("A[K=]", 5, "a filter is [K=V], [V] or [#2]"),
        ("A[#0].B", 3, "a filter is [K=V], [V] or [#2]"),
        ("A]B", 2, "']' has no place here; a . leads on"),
        ("A/B", 2, "'/' has no place here; a . leads on"),
        ("#3", 1, "a name is missing here"),
        ("**", 3, "** stands once in a path, and needs a name after it"),
        ("**.A.**.B", 10, "** stands once in a path, and needs a name after it"),
        ("**[X].A", 6, "** takes no filter; the name after it does"),
        (".".join("A" * 21), 42, "a path has at most 20 steps"),
        ("A" * 301, LONGEST + 1, "a path has at most 300 characters, this one 301"),
    ],
)
def test_what_is_no_path_is_refused_at_its_column(path: str, column: int, why: str) -> None:
    with pytest.raises(PathRefused) as caught:
        parse(path)
    assert (caught.value.column, caught.value.why) == (column, why)


@given(st.text(alphabet="AB01.[]=#/*\"' ", max_size=40))
def test_any_text_is_a_path_or_is_refused(text: str) -> None:
    try:
        path = parse(text, PAIRS)
    except PathRefused:
        return
    assert isinstance(path.value(Here(STOCK)), str)
    assert all(isinstance(each, Here) for each in path.nodes(Here(NOTICE), empty=True))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sum(.../SAC[01=C].05)", "1500.5"),
        ("sum(.../**.SAC[01=A].05)", "250"),
        ("sum(.../**.SAC.05)", "1750.5"),
        ("sum(.../SAC[01=C][02=D240].05)", "1300"),
        ("sum(.../SAC[01=N].05)", ""),
        ("sum(.../TXI.02)", "a lot"),
        ("sum(02)", "2"),
    ],
)
def test_a_sum_adds_up_everything_that_its_path_leads_to(path: str, value: str) -> None:
    line = segment("IT1*1*2*EA*9.5", segment("SAC*A*C310***200"))
    charges = [segment("SAC*C*D240***1300"), segment("SAC*C*D500***200.50"), segment("SAC*A*F670***50")]
    invoice = Node("810", children=[line, *charges, segment("TXI*ST*1.5"), segment("TXI*ST*a lot")])
    assert parse(path, sums=True).value(Here(line, Here(invoice))) == value


def test_a_sum_is_for_what_is_read() -> None:
    assert parse("sum(SAC.05)").steps[0].name == "sum(SAC"
    with pytest.raises(PathRefused):
        parse("sum(../)", sums=True)
