"""The parts that `mapping new` guesses with: words, encodings, layouts, numbers, dates, assignment."""

from __future__ import annotations

import io
import json
import re
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest

from hub.mapping.guess.assign import assign
from hub.mapping.guess.column import Column
from hub.mapping.guess.day import dates
from hub.mapping.guess.encoding import decode
from hub.mapping.guess.layout import read_sheet
from hub.mapping.guess.meaning import answers, flags, node_codes, statuses, units
from hub.mapping.guess.new import new_mapping
from hub.mapping.guess.numeral import Writing, written
from hub.mapping.guess.sample import NoSample
from hub.mapping.guess.vocabulary import data, tokens
from hub.mapping.inward import Inward
from hub.mapping.target import shaped
from hub.model.document import Kind
from tests.mapping.measure import opened


def concepts(header: str) -> list[set[str]]:
    return [set(token.concepts) for token in tokens(header)]


def column(name: str, *cells: str) -> Column:
    return Column(name, 0, cells)


def guessed(tmp_path: Path, content: str | bytes, name: str = "feed.csv", document: str | None = None) -> Inward:
    """Return the one document that is guessed of a sample."""
    sample = tmp_path / name
    sample.write_bytes(content.encode() if isinstance(content, str) else content)
    written = new_mapping("acme", [(sample, document)], tmp_path, opened, force=True)
    file = opened(written.path)
    assert file.run_tests() == []
    return file.documents.inward[written.documents[0].draft.choice.document]


def sources(document: Inward) -> dict[str, str | None]:
    return {rule.left: rule.source or rule.formula for rule in document.declared.rules}


class TestWords:
    def test_accents_capitals_and_spellings_of_umlauts_do_not_matter(self) -> None:
        assert concepts("Verfügbar") == concepts("VERFUEGBAR") == concepts("verfugbar") == [{"available"}]

    def test_compounds_and_humps_are_taken_apart(self) -> None:
        assert concepts("Rechnungsdatum") == [{"invoice"}, {"date"}]
        assert concepts("qtyAvailable") == concepts("QTY_AVAILABLE") == [{"quantity"}, {"available"}]
        assert concepts("MwSt") == [{"tax"}]

    def test_one_sign_at_the_end_of_a_compound_is_a_word(self) -> None:
        assert concepts("最小発注数") == [{"minimum"}, {"quantity"}]

    def test_names_that_end_in_at_are_dates(self) -> None:
        assert concepts("confirmedAt") == concepts("confirmed_at") == [{"confirmed"}, {"date"}]
        assert {"date"} not in concepts("look at")

    def test_a_word_that_nobody_knows_means_nothing_and_does_no_harm(self) -> None:
        assert concepts("Xyzzy") == [set()]
        assert concepts("z" * 500) == [set()]
        assert concepts("") == []

    def test_the_tables_name_only_fields_and_concepts_that_there_are(self) -> None:
        known = set(data("lexicon"))
        for kind, fields in data("fields").items():
            names = {*shaped(Kind(kind)).names(), "unit"}
            for field, entry in fields.items():
                assert field in names, (kind, field)
                words = {word for pattern in entry["names"] for word in pattern.split()}
                assert words | set(entry.get("allow", [])) | set(entry.get("against", [])) <= known, (kind, field)


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
    def test_german_is_read_in_whatever_it_comes(self, encoding: str) -> None:
        text = "Artikelnummer;Verfügbarer Bestand;Größe\n1;2;groß\n" * 5
        assert decode(text.encode(encoding)).text == text

    def test_central_european_letters_are_told_from_western_ones(self) -> None:
        assert decode("Indeks;Ilość;Żółty śpiwór\n".encode("cp1250")).encoding == "cp1250"

    def test_what_is_no_text_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no text"):
            decode(b"\x00\x01\x02\x00\x00\xff" * 20)


class TestLayouts:
    @pytest.mark.parametrize("mark", list(";|\t,"))
    def test_the_separator_is_the_one_that_cuts_evenly(self, mark: str) -> None:
        text = "\n".join(mark.join(row) for row in (("SKU", "Name", "Qty"), ("A", "B", "1"), ("C", "D", "2")))
        assert read_sheet(text).delimiter == mark

    def test_titles_above_and_totals_below_are_no_rows(self) -> None:
        sheet = read_sheet("Stock of today\n\nSKU;Qty;Name\nA;1;x\nB;2;y\nTotal;3;\n")
        assert (sheet.header, sheet.header_line, len(sheet.rows)) == (("SKU", "Qty", "Name"), 3, 2)
        assert sheet.totals == ((0, "Total"),)

    def test_without_a_header_columns_are_named_by_their_place(self, tmp_path: Path) -> None:
        document = guessed(tmp_path, "AB-100;Tent two persons;12\nAB-101;Peg of steel;0\n")
        assert sources(document) == {"sku": "#1", "quantity": "#3"}
        assert len(list(document.parse(b"AB-100;Tent two persons;12\n"))) == 1

    def test_two_columns_of_one_name_are_named_by_their_place(self, tmp_path: Path) -> None:
        document = guessed(tmp_path, "SKU;Qty;Price;Qty\nA-1;5;9.50;10\nA-2;8;1.50;20\n", document="stock")
        assert sources(document)["quantity"] == "#2"

    def test_a_total_at_the_end_of_a_long_file_is_seen(self) -> None:
        rows = "".join(f"A-{number};1\n" for number in range(5000))
        assert read_sheet(f"SKU;Qty\n{rows}Total;5000\n").totals == ((0, "Total"),)

    def test_rows_may_be_shorter_than_the_header(self, tmp_path: Path) -> None:
        document = guessed(tmp_path, "SKU;Bestand;Name\nA1;5;Lampe\nA2;0;Vase\nSumme;5\n")
        assert len(list(document.parse(b"SKU;Bestand;Name\nA1;5;Lampe\nSumme;5\n"))) == 1


class TestNumbers:
    @pytest.mark.parametrize(
        ("bodies", "expected"),
        [
            (["12,50", "8,00"], (",", "")),
            (["1.250,00", "8,00"], (",", ".")),
            (["1,250.00", "8.00"], (".", ",")),
            (["1 012,00", "8,00"], (",", " ")),
            (["1.250", "24", "3"], ("", ".")),
            (["0,180", "0,950"], (",", "")),
            (["5", "7"], ("", "")),
        ],
    )
    def test_marks_are_told_apart(self, bodies: list[str], expected: tuple[str, str]) -> None:
        found = written(bodies)
        assert (found.decimal, found.thousands) == expected

    def test_three_places_everywhere_leave_a_doubt(self) -> None:
        assert written(["1.250", "3.400"]).sure is False
        assert written(["5-", "7"]).trailing_sign is True

    def test_signs_beside_figures_are_taken_off_and_told(self, tmp_path: Path) -> None:
        document = guessed(tmp_path, "Ref;Produit;Prix d'achat\nR1;Lampe;12,50 €\nR2;Vase;8,00 €\n")
        first, _ = document.parse("Ref;Produit;Prix d'achat\nR1;Lampe;12,50 €\nR2;Vase;8,00 €\n".encode())
        assert str(first.price) == "12.50"  # type: ignore[union-attr]

    def test_pounds_become_grams(self, tmp_path: Path) -> None:
        text = "SKU,Cost,Weight (lbs)\nA1,5.00,2\nA2,6.00,1\n"
        first, _ = guessed(tmp_path, text).parse(text.encode())
        assert str(first.weight_g) == "907.18474"  # type: ignore[union-attr]


class TestDates:
    def test_a_day_over_twelve_decides(self) -> None:
        assert dates(["11/23/2026"], month_first=False).format == "%m/%d/%Y"
        assert dates(["23/11/2026"], month_first=True).format == "%d/%m/%Y"

    def test_what_could_be_both_says_so(self) -> None:
        found = dates(["03/04/2026"], month_first=True)
        assert (found.format, found.other) == ("%m/%d/%Y", "%d/%m/%Y")
        assert dates(["03/04/2026"], month_first=False).format == "%d/%m/%Y"

    @pytest.mark.parametrize("cell", ["2026-11-20", "2026-11-20T06:00:00Z", "2026-11-20 06:00:00"])
    def test_iso_needs_no_format(self, cell: str) -> None:
        assert dates([cell], month_first=False) == dates([cell], month_first=True)
        assert dates([cell], month_first=False).format == ""

    @pytest.mark.parametrize("cells", [["12", "13"], ["abc"], [], ["99.99.2026"], ["100-2231"]])
    def test_what_is_no_date_is_none(self, cells: list[str]) -> None:
        assert dates(cells, month_first=False).share == 0


class TestMeanings:
    def test_discontinued_yes_is_not_active_no(self) -> None:
        assert [each.ours for each in statuses(column("Discontinued?", "N", "Y"))] == ["active", "discontinued"]
        assert [each.ours for each in statuses(column("Active", "N", "Y"))] == ["discontinued", "active"]
        assert [each.sure for each in statuses(column("Status", "Aktiv", "Q7"))] == [True, False]
        assert [each.ours for each in flags(column("Active", "1", "0"))] == [True, False]

    def test_the_figures_beside_a_code_say_what_it_means(self) -> None:
        codes = column("Status", "A", "T", "R", "Q")
        asked, given = column("Bestellt", "2", "5", "1", "4"), column("Bestätigt", "2", "3", "0", "")
        meant = answers(codes, asked, given, Writing())
        assert [each.ours for each in meant] == ["accepted", "changed", "rejected", "accepted"]
        assert [each.sure for each in meant] == [True, True, True, False]

    def test_what_a_carton_holds_nobody_knows(self) -> None:
        assert [(each.ours, each.sure) for each in units(["Stk", "DZ", "Kart"])] == [(1, True), (12, True), (1, False)]

    def test_nodes_are_named_after_the_partner(self) -> None:
        assert node_codes("acme", ["LG Süd"]) == {"LG Süd": "ACME-LG-SUD"}

    def test_no_two_warehouses_become_one_node(self) -> None:
        names = ["Склад 1", "Санкт-Петербург", "Казань", "A 1", "A-1", "a.1"]
        assert len(set(node_codes("acme", names).values())) == len(names)


class TestAssignment:
    def test_it_is_the_best_of_all(self) -> None:
        random = Random(7)
        for _ in range(60):
            fields, columns = random.randint(1, 4), random.randint(1, 5)
            scores = [[random.choice([0, random.random() * 100]) for _ in range(columns)] for _ in range(fields)]
            found = assign(scores)
            real = sum(scores[field][place] for field, place in enumerate(found) if place is not None)
            wide = [*range(columns), *([None] * fields)]
            best = max(
                sum(scores[field][place] for field, place in enumerate(way) if place is not None)
                for way in set(permutations(wide, fields))
            )
            assert real == pytest.approx(best)
            used = [place for place in found if place is not None]
            assert len(used) == len(set(used))

    def test_nothing_is_assigned_to_nothing(self) -> None:
        assert assign([]) == []
        assert assign([[0.0, 0.0]]) == [None]


class TestTrees:
    def test_the_heads_of_nested_documents_are_reached_upwards(self, tmp_path: Path) -> None:
        lines = [{"lineNo": 1, "sku": "A", "qtyConfirmed": 2, "status": "accepted"}]
        sample = json.dumps({"acks": [{"poNumber": "PO-1", "lines": lines}, {"poNumber": "PO-2", "lines": lines}]})
        document = guessed(tmp_path, sample, "acks.json")
        assert sources(document)["order_number"] == "../poNumber"
        assert [each.order_number for each in document.parse(sample.encode())] == ["PO-1", "PO-2"]  # type: ignore[union-attr]

    def test_a_bare_attribute_is_named_after_its_element(self, tmp_path: Path) -> None:
        sample = (
            '<Invoices><Invoice number="I1"><Date>2026-11-20</Date><OrderNumber>PO-1</OrderNumber><Lines>'
            '<Line no="1"><Sku>A</Sku><Quantity>2</Quantity><UnitPrice>5.00</UnitPrice></Line>'
            '<Line no="2"><Sku>B</Sku><Quantity>1</Quantity><UnitPrice>7.00</UnitPrice></Line>'
            "</Lines></Invoice></Invoices>"
        )
        found = sources(guessed(tmp_path, sample, "feed.xml"))
        assert found["invoice_number"] == "../../@number"
        assert found["line.line_number"] == "@no"

    def test_a_json_object_on_every_line_is_a_record_each(self, tmp_path: Path) -> None:
        sample = '{"sku":"A","on_hand":5}\n{"sku":"B","on_hand":7}\n'
        assert len(list(guessed(tmp_path, sample, "feed.json").parse(sample.encode()))) == 2

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("broken.json", b"{"),
            ("broken.xml", b"<a>"),
            ("empty.xml", b"<a/>"),
            ("broken.xlsx", b"PK\x03\x04nothing"),
            ("nul.csv", b"\x00\x01\x02\x00" * 9),
        ],
    )
    def test_what_cannot_be_read_is_refused_in_words(self, tmp_path: Path, name: str, content: bytes) -> None:
        with pytest.raises(NoSample):
            guessed(tmp_path, content, name)

    def test_an_empty_workbook_is_refused(self, tmp_path: Path) -> None:
        book, content = openpyxl.Workbook(), io.BytesIO()
        book.save(content)
        with pytest.raises(NoSample, match="empty"):
            guessed(tmp_path, content.getvalue(), "feed.xlsx")

    def test_a_workbook_is_known_by_its_first_bytes(self, tmp_path: Path) -> None:
        book, content = openpyxl.Workbook(), io.BytesIO()
        for row in (["SKU", "Qty"], ["A-1", 5], ["A-2", 0]):
            book.active.append(row)  # type: ignore[union-attr]
        book.save(content)
        assert sources(guessed(tmp_path, content.getvalue(), "feed.dat")) == {"sku": "SKU", "quantity": "Qty"}


def test_two_samples_of_one_document_are_refused(tmp_path: Path) -> None:
    sample = tmp_path / "stock.csv"
    sample.write_text("SKU;Bestand\nA-1;5\nA-2;6\n", "utf-8")
    with pytest.raises(NoSample, match="two samples look like stock"):
        new_mapping("acme", [(sample, None), (sample, None)], tmp_path, opened)


@pytest.mark.parametrize("code", ["", "Acme", "a/b", "1a", "a" * 40])
def test_a_code_that_cannot_be_one_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(NoSample, match="no code of a partner"):
        new_mapping(code, [], tmp_path, opened)


def test_headers_full_of_quotes_and_backslashes_are_written_so_that_they_load(tmp_path: Path) -> None:
    names = ['Item "No" \\ 5', "Qty 'free'", "Kart\tStk"]
    text = ";".join('"' + name.replace('"', '""') + '"' for name in names) + "\nA-1;5;x\nA-2;6;y\n"
    found: dict[str, Any] = sources(guessed(tmp_path, text, document="stock"))
    assert found["sku"] == names[0]
    assert found["quantity"] == names[1]


def _fields_of(tmp_path: Path, name: str, text: str) -> str:
    sample = tmp_path / name
    sample.write_text(text, "utf-8")
    return new_mapping("acme", [(sample, None)], tmp_path, opened, force=True).path.read_text("utf-8")


def test_a_list_of_warehouses_within_each_product_is_read_with_the_product_above_it(tmp_path: Path) -> None:
    sites = [{"site": site, "free": free, "asOf": "2026-03-01T09:00:00Z"} for site, free in (("AMS", 4), ("RTM", 7))]
    products = [{"product": {"ref": f"NL-{each}"}, "availability": sites} for each in range(1, 5)]
    written = _fields_of(tmp_path, "stock.json", json.dumps({"generatedAt": "2026-03-01T10:00:00Z", "rows": products}))
    assert 'rows      = "rows.availability"' in written
    assert '"../product.ref"' in written
    assert re.search(r'as_of +=.*"asOf"', written)


def test_warehouses_as_columns_are_seen_beside_a_price(tmp_path: Path) -> None:
    rows = [f"IT-{each};{each * 3};{each};{each},50" for each in range(1, 6)]
    written = _fields_of(tmp_path, "listino.csv", "\n".join(["Codice;Giac. Milano;Giac. Roma;Prezzo netto", *rows]))
    assert '"Giac. Milano" = "ACME-GIAC-MILANO", "Giac. Roma" = "ACME-GIAC-ROMA"' in written


def test_of_prices_for_so_many_the_price_of_one_is_taken_and_asked_about(tmp_path: Path) -> None:
    rows = [f"PB-{each},{each}.50,{each}.25,{each}.00,EUR" for each in range(1, 6)]
    written = _fields_of(tmp_path, "prices.csv", "\n".join(["Part No,Net 100+,Net 10+,Net 1+,Currency", *rows]))
    assert re.search(r'price +=.*"Net 1\+".*# \?', written)


def test_the_unit_in_an_attribute_of_the_quantity_is_seen(tmp_path: Path) -> None:
    lines = [f'<Line><Article>X{each}</Article><Available uom="PCE">{each}</Available></Line>' for each in range(5)]
    written = _fields_of(tmp_path, "stock.xml", f"<Stock>{''.join(lines)}</Stock>")
    assert 'unit_from = "Available.@uom"' in written


def test_a_sample_of_fixed_width_is_drawn_up_with_its_columns(tmp_path: Path) -> None:
    lines = ["ITEM      DESCRIPTION         ONHAND UOM"]
    lines += [f"FW{each:05}   Widget number {each:<6}{each * 7:6} EA" for each in range(8)]
    written = _fields_of(tmp_path, "stock.txt", "\n".join(lines) + "\n")
    assert 'columns   = { ITEM = "1-10", DESCRIPTION = "11-30", ONHAND = "31-37", UOM = "38-40" }' in written
    file = opened(tmp_path / "acme.toml")
    assert file.run_tests() == []
    made = list(file.documents.parse("stock", "\n".join(lines).encode()))
    assert [(each.sku, str(each.quantity)) for each in made][:2] == [("FW00000", "0"), ("FW00001", "7")]


def test_headers_in_other_alphabets_are_known(tmp_path: Path) -> None:
    rows = ["T-1;Молоток;12;шт;Москва", "T-2;Пила;0;шт;Казань", "T-3;Отвёртка;40;шт;Москва"]
    written = _fields_of(tmp_path, "stock.csv", "\n".join(["Артикул;Наименование;Доступно;Ед. изм.;Склад", *rows]))
    assert re.search(r'sku +=.*"Артикул"', written)
    assert 'from = "Доступно", unit_from = "Ед. изм."' in written
    assert re.search(r'location +=.*"Склад"', written)


def test_a_list_of_goods_to_come_says_how_sure_they_are(tmp_path: Path) -> None:
    rows = ["Q-1,400,2026-12-10,on the water", "Q-2,120,2026-12-10,maybe", "Q-3,60,2027-01-05,ordered"]
    written = _fields_of(tmp_path, "eta.csv", "\n".join(["SKU,Qty Incoming,ETA,Status", *rows]))
    assert "[documents.inbound]" in written
    assert '"on the water" = "in_transit"' in written
    assert re.search(r'maybe = "planned"  # \? planned, ordered', written)


def test_nodes_of_one_name_are_told_apart_by_their_attribute(tmp_path: Path) -> None:
    prices = "<prices><price type='retail'>20.00</price><price type='net'>{}</price></prices>"
    items = "".join(f"<item><sku>C-{n}</sku>{prices.format(f'{n}.50')}</item>" for n in (1, 2))
    written = _fields_of(tmp_path, "prices.xml", f"<list>{items}</list>")
    assert '= "prices.price[@type=net]"' in written


def test_article_numbers_may_look_like_figures_with_decimals(tmp_path: Path) -> None:
    document = guessed(tmp_path, "Art.-Nr.;Preis CHF\n100.200;1'250.00\n100.201;99.50\n")
    assert sources(document)["sku"] == "Art.-Nr."


def test_a_stock_of_only_noughts_and_ones_is_asked_about(tmp_path: Path) -> None:
    written = _fields_of(tmp_path, "feed.csv", "SKU,In Stock\nA-1,1\nA-2,0\nA-3,1\n")
    assert re.search(r"quantity = .*# \? .*only 0 and 1: pieces, or no and yes", written)


def test_a_stock_in_words_takes_its_figures_from_a_table(tmp_path: Path) -> None:
    text = "SKU,Availability\nA-1,In Stock\nA-2,10+\nA-3,Out of Stock\nA-4,>100\n"
    written = _fields_of(tmp_path, "feed.csv", text)
    assert '"In Stock" = 1  # ? how many pieces may be promised then' in written
    assert '"Out of Stock" = 0\n' in written
    made = opened(tmp_path / "acme.toml").documents.parse("stock", text.encode())
    assert [str(each.quantity) for each in made] == ["1", "10", "0", "100"]
