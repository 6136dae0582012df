"""Fixed width, header and detail rows, workbooks, JSON and XML: bytes to rows or trees and back, whatever comes."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime, time
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from hub.codec import fixed, json_tree, workbook, xml_tree
from hub.codec.delimited import ENCODINGS, Dialect, Refused, Unreadable
from hub.codec.fixed import Span
from hub.codec.json_tree import JsonFormat
from hub.codec.nested import NestedFormat
from hub.codec.path import parse
from hub.codec.tree import Bare, Here, Node, TreeFormat
from hub.codec.xml_tree import XmlFormat

LINES = Dialect(line_end="\n")


def roots(form: TreeFormat, content: bytes) -> list[Node]:
    found = list(form.read(content))
    assert all(isinstance(each, Node) for each in found)
    return [each for each in found if isinstance(each, Node)]


def value(path: str, root: Node) -> str:
    return parse(path).value(Here(root))


class TestFixed:
    SPANS: ClassVar = {"Item": Span(1, 8), "Qty": Span(9, 13, right=True), "Flag": Span(15, 15)}

    def test_columns_are_cut_by_place_and_short_lines_have_empty_ones(self) -> None:
        table = fixed.read("AB-100      5 Y\n\nÄB-2   12\n".encode(), self.SPANS, LINES)
        assert table.header == ("Item", "Qty", "Flag")
        assert list(table.rows) == [(1, ["AB-100  ", "    5", "Y"]), (3, ["ÄB-2   1", "2", ""])]

    def test_what_is_written_is_read_again(self) -> None:
        content = fixed.write([["AB-100", "5", "Y"], ["X", "12345", ""]], self.SPANS, LINES)
        assert content == b"AB-100      5 Y\nX       12345  \n"
        read = [[cell.strip() for cell in row] for _, row in fixed.read(content, self.SPANS, LINES).rows]
        assert read == [["AB-100", "5", "Y"], ["X", "12345", ""]]

    @pytest.mark.parametrize(("cell", "why"), [("AB-100-XXL", "has room for 8"), ("A\nB", "holds a line break")])
    def test_what_does_not_fit_is_refused(self, cell: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            fixed.write([[cell, "1", ""]], self.SPANS, LINES)

    def test_a_bad_byte_costs_its_line_only(self) -> None:
        table = fixed.read(b"AB-100  12345 Y\nA\xff      12345 Y\n", self.SPANS, LINES)
        good, bad = (row for _, row in table.rows)
        assert isinstance(good, list)
        assert isinstance(bad, Unreadable)

    @pytest.mark.parametrize(
        ("text", "span"),
        [
            ("1-12", Span(1, 12)),
            ("13-20 right", Span(13, 20, right=True)),
            ("7", Span(7, 7)),
            ("0-3", None),
            ("9-3", None),
            ("a", None),
        ],
    )
    def test_a_span_is_written_as_its_first_and_last_place(self, text: str, span: Span | None) -> None:
        assert Span.read(text) == span


class TestNested:
    FORM = NestedFormat(("H", "D"), LINES, {"H": ("Type", "PO"), "D": ("Type", "Item", "Qty")}, ignored=("T",))

    def test_details_belong_to_the_header_before_them(self) -> None:
        found = roots(self.FORM, b"H,PO-1\nD,AB,2\nD,AC,\nH,PO-2\nT,9\n")
        rows = [here for root in found for here in parse("H.D").nodes(Here(root), empty=True)]
        told = [(parse("../PO").value(each), parse("Item").value(each), each.node.line) for each in rows]
        assert told == [("PO-1", "AB", 2), ("PO-1", "AC", 3), ("PO-2", "", 0)]

    def test_what_belongs_nowhere_is_told_and_the_rest_goes_on(self) -> None:
        found = list(self.FORM.read(b"D,AB,1\nX,1\nH,PO-1\nD,AB,2\n"))
        bad = [each for each in found if isinstance(each, Unreadable)]
        assert [(each.line, each.raw) for each in bad] == [(1, "D,AB,1"), (2, "X,1")]
        assert "no 'H' line before it" in bad[0].why
        assert "known: H, D" in bad[1].why
        assert len(found) == 3

    def test_what_is_written_is_read_again(self) -> None:
        content = b"H,PO-1\nD,AB,2\nD,AC,\nH,PO-2\n"
        assert self.FORM.write(roots(self.FORM, content)) == content
        with pytest.raises(ValueError, match="'Z' is no line type"):
            self.FORM.write([Node("", children=[Node("Z")])])

    def test_without_declared_columns_cells_are_numbered(self) -> None:
        form = NestedFormat(("H", "D"), LINES)
        (root,) = roots(form, b"H,PO-1\nD,AB,2\n")
        assert value("H.02", root) == "PO-1"
        assert value("H.D.03", root) == "2"
        assert form.write([root]) == b"H,PO-1\nD,AB,2\n"

    def test_lines_of_fixed_width_say_by_their_beginning_what_they_are(self) -> None:
        spans = {"HDR": {"Type": Span(1, 3), "PO": Span(4, 9)}, "DTL": {"Type": Span(1, 3), "Qty": Span(4, 6)}}
        form = NestedFormat(("HDR", "DTL"), LINES, spans=spans, ignored=("TRL",))
        content = b"HDRPO-1  \nDTL5  \n"
        (root,) = roots(form, content + b"TRL000002\n")
        assert [value("HDR.PO", root), value("HDR.DTL.Qty", root)] == ["PO-1", "5"]
        assert form.write([root]) == content
        assert isinstance(next(form.read(b"XXX\n")), Unreadable)
        assert (form.leaves, dict(form.pairs)) == (False, {})


def book(*rows: list[object], sheet: str = "Stock") -> bytes:
    made = Workbook()
    page = made.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


class TestWorkbook:
    def test_cells_are_the_text_that_a_person_sees(self) -> None:
        content = book(
            ["Item", "Qty", "Price", "On", "At", "Active"],
            [100200, 5.0, 0.1 + 0.2, date(2026, 11, 20), datetime(2026, 11, 20, 6, 30), True],  # noqa: DTZ001
            [None],
            ["AB", 1e15, 1e-7, time(6), None, False],
        )
        assert list(workbook.rows(content)) == [
            (1, ["Item", "Qty", "Price", "On", "At", "Active"]),
            (2, ["100200", "5", "0.3", "2026-11-20", "2026-11-20T06:30:00", "true"]),
            (4, ["AB", "1000000000000000", "0.0000001", "06:00:00", "", "false"]),
        ]

    def test_a_sheet_is_named_or_the_first_one(self) -> None:
        assert list(workbook.rows(book(["a"]), "Stock")) == [(1, ["a"])]
        with pytest.raises(Refused) as caught:
            list(workbook.rows(book(["a"]), "Prices"))
        assert caught.value.what == "the workbook has no sheet 'Prices'; it has Stock"

    def test_what_is_written_is_read_again_and_numbers_are_numbers(self) -> None:
        content = workbook.write([["Item", "Qty"], ["007", Bare("12.5")], ["X", Bare("true")]], "Order")
        assert [row for _, row in workbook.rows(content, "Order")] == [["Item", "Qty"], ["007", "12.5"], ["X", "true"]]
        for cell, why in (
            ("=1+1", "would be a formula"),
            ("a\x01", "no workbook may hold"),
            ("x" * 32768, "has 32768"),
        ):
            with pytest.raises(ValueError, match=why):
                workbook.write([[cell]])

    def test_what_is_no_workbook_is_refused(self) -> None:
        for content, what in ((b"a,b", "no Excel workbook"), (b"\xd0\xcf\x11\xe0rest", "an old Excel file")):
            with pytest.raises(Refused, match=what):
                list(workbook.rows(content))

    def test_one_that_would_unpack_too_large_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbook, "LARGEST", 1000)
        with pytest.raises(Refused, match="unpacks to"):
            list(workbook.rows(book(["a"])))

    def test_nor_one_whose_texts_alone_would_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbook, "LARGEST_PART", 1000)
        with pytest.raises(Refused, match="unpacks to"):
            list(workbook.rows(book(["a"])))

    def test_too_many_columns_are_refused(self) -> None:
        with pytest.raises(Refused, match="row 1 has 1001 columns"):
            list(workbook.rows(book([1] * 1001)))

    @pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
    @pytest.mark.parametrize("text", ["", "<x", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'])
    def test_a_workbook_that_is_damaged_or_hostile_is_refused(self, part: str, text: str) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(book(["a"]))) as good, zipfile.ZipFile(target, "w") as evil:
            for name in good.namelist():
                evil.writestr(name, text if name == part else good.read(name))
        with pytest.raises(Refused):
            assert list(workbook.rows(target.getvalue())) == "never"

    def test_a_workbook_that_is_cut_off_is_refused(self) -> None:
        with pytest.raises(Refused):
            list(workbook.rows(book(["a"])[:-40]))


class TestJson:
    CONTENT = b'{"n": 1.50, "big": 1E+2, "id": "007", "ok": true, "none": null, "lines": [{"sku": "A"}, {"sku": "B"}]}'

    def test_values_stay_the_text_that_they_are(self) -> None:
        (root,) = roots(JsonFormat(), self.CONTENT)
        assert root.values == {"n": "1.50", "big": "1E+2", "id": "007", "ok": "true"}
        assert [value("sku", each.node) for each in parse("lines").nodes(Here(root))] == ["A", "B"]

    def test_what_is_written_is_read_again_with_its_types(self) -> None:
        (root,) = roots(JsonFormat(), self.CONTENT)
        written = json.loads(JsonFormat().write([root]))
        assert written == {"n": 1.5, "big": 100, "id": "007", "ok": True, "lines": [{"sku": "A"}, {"sku": "B"}]}
        assert roots(JsonFormat(), JsonFormat().write([root])) == [root]

    def test_a_list_is_a_list_even_of_one_and_repeated_names_become_one(self) -> None:
        single = Node("", children=[Node("lines", {"a": "1"}, many=True)])
        assert json.loads(JsonFormat().write([single])) == {"lines": [{"a": "1"}]}
        twice = Node("", children=[Node("x", text="1"), Node("x", text="2"), Node("x", text="3")])
        assert json.loads(JsonFormat().write([twice])) == {"x": ["1", "2", "3"]}

    def test_a_file_that_is_a_list_has_items(self) -> None:
        (root,) = roots(JsonFormat(), b'[{"sku": "A"}, "B", ["C"]]')
        assert [value("sku", each.node) or each.node.text for each in parse("item").nodes(Here(root))][:2] == ["A", "B"]
        assert value("item.item", root) == "C"

    def test_each_line_may_be_a_document(self) -> None:
        form = JsonFormat(by_line=True)
        first, bad, last = form.read(b'{"a": 1}\n\n{"a": \n{"a": 2}\n')
        assert isinstance(first, Node)
        assert isinstance(last, Node)
        assert isinstance(bad, Unreadable)
        assert (first.line, bad.line, last.line) == (1, 3, 4)
        assert form.write([first, last]) == b'{"a": 1}\n{"a": 2}\n'
        assert (form.leaves, dict(form.pairs)) == (False, {})

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"{", "the file is no JSON: line 1, column 2"),
            (b'{"a": NaN}', "the file is no JSON"),
            (b"[" * 200 + b"]" * 200, "the file is nested deeper than 100 levels"),
            (b"[" * 100_000, "the file is nested deeper than 100 levels"),
            (b"\xff", "the byte 0xFF at 0 is not utf-8"),
        ],
    )
    def test_what_is_no_json_is_refused(self, content: bytes, what: str) -> None:
        with pytest.raises(Refused) as caught:
            list(JsonFormat().read(content))
        assert caught.value.what.startswith(what)

    def test_a_small_file_that_would_be_large_in_memory_is_not_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(json_tree, "MOST_NODES", 5)
        monkeypatch.setattr(json_tree, "MOST_VALUES", 5)
        for content in (b"[[],[],[],[],[]]", b"[0,0,0,0,0,0,0]"):
            with pytest.raises(Refused, match="more than 5 objects or 5 values"):
                list(JsonFormat().read(content))

    def test_what_cannot_be_written_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no file may hold"):
            JsonFormat().write([Node("", {"a": "\x00#1"})])
        with pytest.raises(ValueError, match="cannot be written in latin-1"):
            JsonFormat("latin-1").write([Node("", {"a": "€"})])
        assert json_tree.tree('{"a": "\\\\u0000#1"}').values == {"a": "\\u0000#1"}

    @given(
        st.recursive(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1),
            lambda inner: st.dictionaries(st.text("abc.", min_size=1), inner | st.lists(inner, min_size=1), min_size=1),
            max_leaves=8,
        ).filter(lambda data: isinstance(data, dict))
    )
    def test_any_object_survives_the_way_in_and_out(self, data: object) -> None:
        (root,) = roots(JsonFormat(), json.dumps(data).encode())
        (again,) = roots(JsonFormat(), JsonFormat().write([root]))
        assert again == root


class TestXml:
    NAMES: ClassVar = {"": "urn:order", "b": "urn:basic"}
    CONTENT = (
        b'<o:Order xmlns:o="urn:order" xmlns:x="urn:basic" xmlns:z="urn:other" id="7" x:lang="en">\n'
        b"<x:ID> PO-1 </x:ID><!-- no --><?pi no?><z:Note>a<z:b/>c</z:Note><o:Line/></o:Order>"
    )

    def test_names_have_our_prefixes_whatever_theirs_are(self) -> None:
        (root,) = roots(XmlFormat(self.NAMES), self.CONTENT)
        assert root.name == "Order"
        assert root.values == {"@id": "7", "@b:lang": "en"}
        assert [(each.name, each.text, each.line) for each in root.children] == [
            *(("b:ID", "PO-1", 2), ("Note", "ac", 2), ("Line", "", 2))
        ]

    def test_what_is_written_is_read_again(self) -> None:
        form = XmlFormat(self.NAMES)
        made = Node("Order", {"@id": "7", "@b:lang": "en"}, [Node("b:ID", text="<&>"), Node("Line", {"Sku": "A"})])
        content = form.write([made])
        assert content.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<Order xmlns=\"urn:order\"")
        (again,) = roots(form, content)
        assert [value(path, again) for path in ("@id", "@b:lang", "b:ID", "Line.Sku")] == ["7", "en", "<&>", "A"]
        assert (form.leaves, dict(form.pairs)) == (True, {})

    def test_an_encoding_that_the_file_names_is_believed(self) -> None:
        (root,) = roots(XmlFormat(), "<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode("latin-1"))
        assert root.text == "é"
        (wide,) = roots(XmlFormat(), "<?xml version='1.0' encoding='utf-16'?><a>é</a>".encode("utf-16"))
        assert wide.text == "é"
        assert XmlFormat(encoding="iso-8859-1").write([root]).endswith("<a>é</a>\n".encode("latin-1"))

    @pytest.mark.parametrize("encoding", ENCODINGS)
    def test_what_is_written_in_any_encoding_is_read_again(self, encoding: str) -> None:
        text = "a" if encoding == "ascii" else "Ж" if encoding == "cp1251" else "é"
        content = XmlFormat(encoding=encoding).write([Node("a", text=text)])
        assert [each.text for each in roots(XmlFormat(), content)] == [text]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<a>",
            b"a,b",
            b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            b'<!DOCTYPE a [<!ENTITY x "0123456789"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>',
            b"<a>" * 5000 + b"</a>" * 5000,
        ],
    )
    def test_what_is_no_xml_or_asks_for_more_is_refused(self, content: bytes) -> None:
        with pytest.raises(Refused) as caught:
            list(XmlFormat().read(content))
        assert caught.value.todo

    def test_a_small_file_that_would_be_large_in_memory_is_not_built(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xml_tree, "MOST_TAGS", 5)
        with pytest.raises(Refused, match="more than 5 tags"):
            list(XmlFormat().read(b"<a><b/><b/><b/><b/></a>"))

    def test_a_document_type_that_only_names_itself_is_passed_over(self) -> None:
        (root,) = roots(XmlFormat(), b'<!DOCTYPE cXML SYSTEM "http://127.0.0.1:9/x.dtd"><cXML a="1"/>')
        assert root.values == {"@a": "1"}

    def test_a_prefix_that_nobody_declared_is_refused(self) -> None:
        with pytest.raises(ValueError, match="is not in `namespaces`"):
            XmlFormat().write([Node("x:a")])
        with pytest.raises(ValueError, match=r"XML compatible|Invalid"):
            XmlFormat().write([Node("a", text="\x01")])

    @given(st.binary(max_size=80))
    def test_no_bytes_make_it_stumble(self, content: bytes) -> None:
        for form in (XmlFormat(), JsonFormat(), JsonFormat(by_line=True), NestedFormat(("H", "D"))):
            try:
                list(form.read(content))
            except Refused as error:
                assert error.todo  # noqa: PT017 - every refusal says what to do
