"""Inbound files of every format: rows by place, around a preamble, of trees, and several records from one row."""

from __future__ import annotations

import gzip
from decimal import Decimal

import pytest

from hub.codec import workbook
from hub.codec.fault import Unreadable
from hub.codec.tree import Node
from hub.contract import BadRecord
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.purchase import Acknowledgement
from hub.model.stock import StockLevel
from tests.mapping.lab import Lab

STOCK = """
[units]
EA = 1
CS = 12
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/*"
"""
FIELDS = """
[documents.stock.fields]
sku = "Item"
quantity = "Qty"
"""
ANSWER = """
[documents.ack]
direction = "in"
makes = "acknowledgement"
files = "/out/*"
"""


def parsed(lab: Lab, text: str, content: str | bytes, document: str = "stock") -> list[Record | BadRecord]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(lab.load(text).documents.parse(document, data))


def told(results: list[Record | BadRecord]) -> list[object]:
    """Return SKU, location and quantity of each figure, and what is wrong with the others."""
    return [
        (each.sku, each.location, str(each.quantity)) if isinstance(each, StockLevel) else str(each) for each in results
    ]


class TestTables:
    def test_a_file_without_a_header_is_read_by_place(self, lab: Lab) -> None:
        text = STOCK + "header = false\n[documents.stock.fields]\nsku = '#2'\nquantity = '#1'\n"
        assert told(parsed(lab, text, "5,AB\n7,AC\n")) == [("AB", None, "5"), ("AC", None, "7")]

    def test_or_by_the_names_that_the_mapping_gives_its_columns(self, lab: Lab) -> None:
        text = STOCK + 'columns = ["Qty", "Item"]\n' + FIELDS
        assert told(parsed(lab, text, "5,AB\n")) == [("AB", None, "5")]
        assert lab.problems(STOCK + 'columns = ["Qty", "Itm"]\n' + FIELDS) == [
            "acme.toml:21:7: there is no column 'Item'; did you mean 'Itm'?"
        ]

    def test_a_bad_first_row_costs_itself_only(self, lab: Lab) -> None:
        text = STOCK + "header = false\n[documents.stock.fields]\nsku = '#2'\nquantity = '#1'\n"
        bad, good = parsed(lab, text, b"5,\xff\n7,AC\n")
        assert isinstance(bad, BadRecord)
        assert bad.record == "row 1"
        assert told([good]) == [("AC", None, "7")]
        (empty,) = parsed(lab, text, "\n")
        assert str(empty) == "acme stock, the whole file: the file is empty: not one row"

    def test_odd_headers_are_named_as_they_stand(self, lab: Lab) -> None:
        text = (
            STOCK
            + "[documents.stock.fields]\nsku = 'Item \"No.\" [x]'\nquantity = { formula = 'number(col[\"a.b\"])' }\n"
        )
        assert told(parsed(lab, text, '"Item ""No."" [x]",a.b\nAB,5\n')) == [("AB", None, "5")]

    @pytest.mark.parametrize("setting", ["preamble = 3", 'preamble = "any"'])
    def test_what_stands_before_the_header_and_after_the_rows_is_passed_over(self, lab: Lab, setting: str) -> None:
        content = "Acme Outdoor\n\n as of,today,now\nItem,Qty\nAB,5\nAC,6\nTotal,11,EUR,x\nend of file\n"
        text = STOCK + setting + "\nfooter = 2\n" + FIELDS
        assert told(parsed(lab, text, content)) == [("AB", None, "5"), ("AC", None, "6")]

    def test_a_header_that_is_nowhere_is_told_of_the_likeliest_row(self, lab: Lab) -> None:
        text = STOCK + 'preamble = "any"\n' + FIELDS
        (bad,) = parsed(lab, text, "Acme\nItem,Quantity\nAB,5\n")
        assert str(bad) == "acme stock, the header: column 'Qty' is missing; known: Item, Quantity"
        (bad,) = parsed(lab, text, "x\n" * 200)
        assert str(bad).startswith("acme stock, the header: column 'Item' is missing")
        (bad,) = parsed(lab, text, "\n")
        assert str(bad) == "acme stock, the whole file: the file is empty: not even a header line"

    def test_short_rows_are_filled_where_the_file_says_so(self, lab: Lab) -> None:
        text = (
            STOCK + "filled = true\n[documents.stock.fields]\nsku = 'Item'\nquantity = { from = 'Qty', default = 0 }\n"
        )
        assert told(parsed(lab, text, "Item,Name,Qty\nAB\nAC,x,4\n")) == [("AB", None, "0"), ("AC", None, "4")]

    def test_each_column_of_a_warehouse_makes_a_record(self, lab: Lab) -> None:
        text = STOCK + (
            '[documents.stock.each]\n"East Qty" = "ACME-E"\n"West Qty" = "ACME-W"\n[documents.stock.fields]\n'
            'sku = "Item"\nlocation = "each.column"\nquantity = { from = "each.value", unit_from = "UOM" }\n'
        )
        content = "Item,East Qty,West Qty,UOM\nAB,5,0,CS\nAC,,7,EA\nAD,x,1,EA\n"
        found = parsed(lab, text, content)
        assert told(found)[:3] == [("AB", "ACME-E", "60"), ("AB", "ACME-W", "0"), ("AC", "ACME-W", "7")]
        bad, last = found[3:]
        assert isinstance(bad, BadRecord)
        assert (bad.record, dict(bad.known), bad.extract) == (
            "row 4",
            {"sku": "AD", "location": "ACME-E"},
            "AD,x,1,EA",
        )
        assert told([last]) == [("AD", "ACME-W", "1")]
        (ragged,) = parsed(lab, text, "Item,East Qty,West Qty,UOM\nAB,5\n")
        assert isinstance(ragged, BadRecord)
        assert ragged.code == "ragged row"
        (bad,) = parsed(lab, text, "Item,East Qty,UOM\nAB,5,CS\n")
        assert str(bad) == "acme stock, the header: column 'West Qty' is missing; did you mean 'East Qty'?"

    def test_fixed_width_is_cut_at_its_places(self, lab: Lab) -> None:
        text = STOCK + (
            'format = "fixed"\nencoding = "cp1252"\npreamble = 1\ncolumns = { Qty = "9-13", Item = "1-8" }\n' + FIELDS
        )
        content = "HEADER\nAB-100  00005\nÄC      00120 rest\n".encode("cp1252")
        assert told(parsed(lab, text, content)) == [("AB-100", None, "5"), ("ÄC", None, "120")]
        assert lab.problems(STOCK + 'format = "fixed"\n' + FIELDS) == [
            'acme.toml:13:1: columns must say where each column stands, such as columns = { Item = "1-12" }'
        ]
        assert lab.problems(STOCK + 'format = "fixed"\ncolumns = { Qty = "x", Item = "1-8" }\n' + FIELDS) == [
            'acme.toml:19:19: Qty must be a place such as "1-12" or "13-20 right"',
            "acme.toml:23:12: there is no column 'Qty'; known: Item",
        ]

    def test_a_workbook_is_a_table(self, lab: Lab) -> None:
        text = STOCK + 'format = "xlsx"\nsheet = "Stock"\n' + FIELDS
        content = workbook.write([["Item", "Qty", "Note"], ["AB", "5", ""], ["AC", "x", "y"]], "Stock")
        good, bad = parsed(lab, text, content)
        assert told([good]) == [("AB", None, "5")]
        assert isinstance(bad, BadRecord)
        assert (bad.record, bad.extract) == ("row 3", "AC,x,y")
        (bad,) = parsed(lab, text, b"Item,Qty\n")
        assert str(bad) == "acme stock, the whole file: the file is no Excel workbook (.xlsx)"

    def test_an_archive_that_breaks_off_gives_what_was_before(self, lab: Lab) -> None:
        rows = "".join(f"AB-{number:06},{number}\n" for number in range(30000))
        content = gzip.compress(("Item,Qty\n" + rows).encode(), mtime=0)
        found = parsed(lab, STOCK + FIELDS, content[: len(content) // 2])
        assert len(found) > 5000
        assert str(found[-1]).startswith("acme stock, the rest of the file: the archive is damaged")
        assert parsed(lab, STOCK + FIELDS, content)[-1] == StockLevel(sku="AB-029999", quantity=Decimal(29999))


class TestTrees:
    def test_json_rows_are_found_by_their_path(self, lab: Lab) -> None:
        text = STOCK + (
            'format = "json"\nrows = "data.items"\nskip_when = \'active == "false"\'\n[documents.stock.fields]\n'
            'sku = "id"\nlocation = "../site"\nquantity = { from = "stock.qty", unit_from = "stock.unit" }\n'
            "safety = { formula = 'max(1, number(col[\"stock.qty\"]) * 0.1)' }\n"
        )
        content = (
            '{"data": {"site": "ACME", "items": [{"id": "AB", "stock": {"qty": 5, "unit": "CS"}},'
            '{"id": "AC", "active": false}, {"id": "AD", "stock": {"qty": 1E+3, "unit": "EA"}}]}}'
        )
        good, bad = parsed(lab, text, content)
        assert told([good]) == [("AB", "ACME", "60")]
        assert isinstance(bad, BadRecord)
        assert str(bad).startswith("acme stock, record 3: quantity (path 'stock.qty'): '1E+3' is not a plain number")
        assert bad.extract == "id=AD; ../site=ACME; stock.qty=1E+3; stock.unit=EA"
        assert dict(bad.known) == {"sku": "AD", "location": "ACME"}

    def test_xml_has_namespaces_and_attributes(self, lab: Lab) -> None:
        text = STOCK + (
            'format = "xml"\nrows = "Items.s:Item"\nnamespaces = { s = "urn:stock" }\n[documents.stock.fields]\n'
            'sku = "@no"\nquantity = "s:Qty"\nas_of = ".../Header.Date"\n'
        )
        content = (
            '<Stock xmlns:q="urn:stock"><Header><Date>2026-11-20</Date></Header><Items>\n'
            '<q:Item no="AB"><q:Qty>5</q:Qty></q:Item>\n<q:Item no="AC"><q:Qty>x</q:Qty></q:Item></Items></Stock>'
        )
        good, bad = parsed(lab, text, content)
        assert told([good]) == [("AB", None, "5")]
        assert isinstance(good, StockLevel)
        assert str(good.as_of) == "2026-11-20 06:00:00+00:00"
        assert isinstance(bad, BadRecord)
        assert bad.record == "s:Item, line 3"
        (bad,) = parsed(lab, text, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
        assert str(bad).startswith("acme stock, the whole file: the ")

    def test_each_line_of_ndjson_is_a_record(self, lab: Lab) -> None:
        text = STOCK + 'format = "ndjson"\n[documents.stock.fields]\nsku = "id"\nquantity = "qty"\n'
        first, bad, last = parsed(lab, text, '{"id": "AB", "qty": 1}\n{\n{"id": "AC", "qty": 2}\n')
        assert told([first, last]) == [("AB", None, "1"), ("AC", None, "2")]
        assert isinstance(bad, BadRecord)
        assert bad.record == "line 2"

    def test_header_and_detail_rows_make_one_record(self, lab: Lab) -> None:
        text = ANSWER + (
            'nest = ["H", "D"]\nignore = ["T"]\nrows = "H.D"\n'
            '[documents.ack.columns]\nH = ["Type", "PO", "Ref"]\nD = ["Type", "Item", "Qty"]\n'
            '[documents.ack.fields]\norder_number = "../PO"\nreference = ".../Ref"\nline.sku = "Item"\n'
            'line.quantity = "Qty"\n'
        )
        content = "H,PO-1,S1\nD,AB,2\nD,AC,3\nH,PO-2,S2\nH,PO-3,S3\nD,AD,x\nT,3\nZ,1\n"
        found = parsed(lab, text, content, "ack")
        good = [each for each in found if isinstance(each, Acknowledgement)]
        assert [(each.order_number, [line.sku for line in each.lines]) for each in good] == [
            ("PO-1", ["AB", "AC"]),
            ("PO-2", []),
        ]
        assert sorted(each.record for each in found if isinstance(each, BadRecord)) == ["D, line 6", "line 8"]

    def test_so_do_lines_of_fixed_width(self, lab: Lab) -> None:
        text = ANSWER + (
            'format = "fixed"\nnest = ["HDR", "DTL"]\nrows = "HDR.DTL"\n[documents.ack.columns]\n'
            'HDR = { PO = "4-8" }\nDTL = { Item = "4-5", Qty = "6-8" }\n[documents.ack.fields]\n'
            'order_number = "../PO"\nline.sku = "Item"\nline.quantity = { from = "Qty", min = 1 }\n'
        )
        good, bad = parsed(lab, text, "HDRPO-1\nDTLAB002\nHDRPO-2\nDTLAC000\n", "ack")
        assert isinstance(good, Acknowledgement)
        assert (good.order_number, [(line.sku, str(line.quantity)) for line in good.lines]) == ("PO-1", [("AB", "2")])
        assert isinstance(bad, BadRecord)
        assert (bad.record, bad.field, dict(bad.known)) == ("DTL, line 4", "quantity", {"order_number": "PO-2"})

    def test_trees_that_a_connector_has_read_are_taken_too(self, lab: Lab) -> None:
        text = ANSWER + (
            'format = "json"\nrows = "E1EDP01"\n[documents.ack.fields]\n'
            'order_number = "../E1EDK02[QUALF=001].BELNR"\nline.line_number = { from = "POSEX", type = "integer" }\n'
            'line.sku = "E1EDP19[QUALF=001].IDTNR"\n'
        )
        order = Node("E1EDK02", {"QUALF": "001", "BELNR": "PO-1"})
        item = Node("E1EDP19", {"QUALF": "001", "IDTNR": "AB"})
        root = Node("ORDERS05", children=[order, Node("E1EDP01", {"POSEX": "000010"}, [item])])
        documents = lab.load(text).documents
        found = list(documents.parse_trees("ack", [root, Unreadable("cut off", "ask", "raw", "idoc")]))
        bad, good = found
        assert isinstance(good, Acknowledgement)
        assert (good.order_number, good.lines[0].line_number, good.lines[0].sku) == ("PO-1", 10, "AB")
        assert isinstance(bad, BadRecord)
        assert str(bad) == "acme ack, record 2: cut off"

    def test_an_answer_without_lines_is_one_for_the_whole_order(self, lab: Lab) -> None:
        text = ANSWER + (
            'format = "json"\nrows = "lines"\n[documents.ack.fields]\n'
            'order_number = "../po"\nrecord.outcome = "../status"\nline.sku = "sku"\n'
        )
        (only,) = parsed(lab, text, '{"po": "PO-1", "status": "accepted"}', "ack")
        assert isinstance(only, Acknowledgement)
        assert (only.order_number, only.outcome, only.lines) == ("PO-1", "accepted", ())

    def test_traced_results_show_what_they_were_made_from(self, lab: Lab) -> None:
        text = STOCK + 'format = "json"\nrows = "item"\n[documents.stock.fields]\nsku = "id"\nquantity = "qty"\n'
        documents = lab.load(text).documents
        traced = list(documents.inward["stock"].traced(b'[{"id": "AB", "qty": 1}, {"id": "", "qty": 2}]'))
        assert [raw for raw, _ in traced] == ["id=AB; qty=1", "qty=2"]
        ((raw, bad),) = documents.inward["stock"].traced(b"[")
        assert (raw, isinstance(bad, BadRecord)) == ("", True)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            'format = "xlsx"\nencoding = "cp1252"',
            '19:1: encoding has no use with format = "xlsx"; it is for csv, fixed,',
        ),
        ('format = "json"\ndelimiter = ";"', '19:1: delimiter has no use with format = "json"; it is for csv'),
        ('format = "json"\nrows = "a..b"', "19:11: rows: path column 3: a name is missing here"),
        ("preamble = -1", "18:12: preamble is the number of lines before the header"),
        ('nest = "H"', "18:8: nest must be a list of texts"),
        ('nest = ["H"]\ncolumns = { Z = ["a"] }', "19:13: columns of 'Z', which is no line type; known: H"),
        ('loop = "x"', "18:1: loop has no use here"),
    ],
)
def test_settings_that_cannot_work_are_told(lab: Lab, settings: str, problem: str) -> None:
    found = lab.problems(STOCK + settings + "\n" + FIELDS)
    assert any(each.startswith(f"acme.toml:{problem}") for each in found), found


@pytest.mark.parametrize(
    ("settings", "least"),
    [("", Decimal("0.5")), ("hold_below = 0.9\n", Decimal("0.9")), ("hold_below = 0\n", Decimal(0))],
)
def test_the_file_says_when_a_snapshot_is_held(lab: Lab, settings: str, least: Decimal) -> None:
    (spec,) = lab.load(STOCK + settings + FIELDS).documents.documents()
    assert spec.hold_below == least


def test_a_part_is_a_part_and_a_delta_is_never_held(lab: Lab) -> None:
    assert lab.problems(STOCK + "hold_below = 50\n" + FIELDS) == [
        "acme.toml:18:14: hold_below is a part of the last snapshot's rows: from 0 (never) to 1"
    ]
    assert lab.problems(STOCK.replace("snapshot", "delta") + "hold_below = 0.5\n" + FIELDS) == [
        'acme.toml:18:1: hold_below has no use here: it is for mode = "snapshot"'
    ]
    assert lab.problems(STOCK + 'hold_below = "half"\n' + FIELDS) == ["acme.toml:18:14: hold_below must be a number"]


def test_a_path_that_is_none_is_told_at_its_column(lab: Lab) -> None:
    text = STOCK + (
        'format = "json"\nskip_when = \'col["a["] == ""\'\n[documents.stock.fields]\nsku = "a..b"\n'
        "quantity = { formula = 'number(col[\"x]\"])' }\n"
    )
    assert lab.problems(text) == [
        "acme.toml:19:14: path column 3: a filter is [K=V], [V] or [#2]",
        "acme.toml:21:10: path column 3: a name is missing here",
        "acme.toml:22:32: path column 2: ']' has no place here; a . leads on",
    ]


class TestGuides:
    """What a partner asks of its X12 documents, read with the file and wrong at its lines."""

    def test_a_guide_is_part_of_the_layout(self, lab: Lab) -> None:
        text = STOCK.replace('files = "/out/*"', 'format = "x12"\nroot = "846"\nrows = "LIN"')
        text += '[documents.stock.fields]\nsku = "LIN[SK]"\nquantity = "QTY[33].02"\n'
        text += '[documents.stock.guide.elements]\n"BIA.01" = { codes = ["00"] }\n'
        guide = lab.load(text).documents.declared("stock").layout.guide
        assert [wish.text for wish in guide.elements] == ["BIA.01"]

    def test_what_is_wrong_with_it_stands_at_its_line(self, lab: Lab) -> None:
        text = ANSWER.replace('files = "/out/*"', 'format = "x12"\nroot = "855"')
        text += '[documents.ack.fields]\npurchase_order = "BAK.03"\nstatus = "BAK.02"\n'
        text += '[documents.ack.guide.segments]\n"REF[" = { least = 1 }\nCTT = { at_least = 1 }\n'
        told = [
            problem for problem in lab.problems(text) if "guide" in problem or "[" in problem or "at_least" in problem
        ]
        assert any("a filter is [K=V], [V] or [#2]" in problem and problem.startswith("acme.toml:") for problem in told)
        assert any("unknown setting 'at_least'; known: least, most" in problem for problem in told)

    def test_other_formats_have_none(self, lab: Lab) -> None:
        text = STOCK + FIELDS + "[documents.stock.guide.segments]\nREF = { least = 1 }\n"
        assert any("guide has no use with format" in problem for problem in lab.problems(text))


def test_half_a_character_in_json_parks_its_record_with_a_text_that_can_be_stored(lab: Lab) -> None:
    text = """
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "delta"
format = "json"
rows = "rows"
files = "/out/*.json"
[documents.stock.fields]
quantity = "q"
sku = "s"
"""
    content = rb'{"rows":[{"s":"A\ud800","q":"1\u0000"},{"s":"B","q":2}]}'
    bad, good = lab.load(text).documents.parse("stock", content)
    assert isinstance(bad, BadRecord)
    assert sorted(bad.extract.split("; ")) == ["q=1\\x00", "s=A\\ud800"]
    assert isinstance(good, StockLevel)


class TestPriceBreaks:
    CATALOGUE = """
[documents.catalogue]
direction = "in"
makes = "catalogue_entry"
mode = "snapshot"
files = "/out/*"
"""

    def entries(self, lab: Lab, text: str, content: str) -> list[object]:
        made = parsed(lab, self.CATALOGUE + text, content, "catalogue")
        return [
            (each.sku, str(each.price), [(str(step.minimum), str(step.price)) for step in each.breaks])
            if isinstance(each, CatalogueEntry)
            else str(each)
            for each in made
        ]

    def test_a_column_for_each_quantity(self, lab: Lab) -> None:
        text = """
[documents.catalogue.each]
"Net 10+" = "10"
"Net 100+" = "100"
[documents.catalogue.fields]
sku = "Part"
price = "Net 1+"
break.minimum = "each.column"
break.price = "each.value"
"""
        content = "Part,Net 1+,Net 10+,Net 100+\nA,5.00,4.50,4.00\nB,7,,6\nC,9,,\n"
        assert self.entries(lab, text, content) == [
            ("A", "5.00", [("10", "4.50"), ("100", "4.00")]),
            ("B", "7", [("100", "6")]),
            ("C", "9", []),
        ]

    def test_a_row_for_each_quantity(self, lab: Lab) -> None:
        text = """
[documents.catalogue.fields]
sku = "Part"
price = "List"
minimum = "MOQ"
break.minimum = "From"
break.price = "Price"
"""
        content = "Part,List,MOQ,From,Price\nA,5,2,10,4.5\nB,3,1,,\nA,5,2,100,4\n"
        assert self.entries(lab, text, content) == [("A", "5", [("10", "4.5"), ("100", "4")]), ("B", "3", [])]

    def test_a_list_in_a_tree(self, lab: Lab) -> None:
        text = """
format = "json"
rows = "items.tiers"
[documents.catalogue.fields]
sku = "../sku"
price = "../price"
break.minimum = "from"
break.price = "each"
"""
        content = '{"items":[{"sku":"A","price":5,"tiers":[{"from":10,"each":4.5}]},{"sku":"B","price":3,"tiers":[]}]}'
        assert self.entries(lab, text, content) == [("A", "5", [("10", "4.5")]), ("B", "3", [])]

    def test_a_break_without_its_quantity_is_refused(self, lab: Lab) -> None:
        text = '[documents.catalogue.fields]\nsku = "Part"\nprice = "List"\nbreak.price = "Price"\n'
        assert "needs 'break.minimum'" in str(lab.problems(self.CATALOGUE + text))
