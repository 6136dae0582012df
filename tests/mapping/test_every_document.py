"""Every field of every kind of document, in every format: read into a record, and written from one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.codec import delimited, fixed, workbook
from hub.codec.delimited import Dialect
from hub.codec.fixed import Span
from hub.codec.json_tree import JsonFormat
from hub.codec.tree import Node
from hub.codec.xml_tree import XmlFormat
from hub.contract import BadRecord
from hub.mapping.checked import checked
from hub.mapping.document import MAKES, TAKES
from hub.mapping.target import Shape, Shaped, Target, shaped
from hub.model.base import Record
from hub.model.document import Kind
from tests.mapping.lab import Lab

FORMATS = ["csv", "fixed", "xlsx", "json", "ndjson", "xml"]
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
#: Fields that take no text whatever.
TEXTS = {"currency": "USD", "country": "US", "status": "active", "gtin": "4006381333931", "postal_code": "78701"}


def text_of(target: Target) -> str:
    """Return what a partner writes for a field."""
    if target.shape is Shape.TEXT:
        return TEXTS.get(target.path[-1], f"{target.path[-1]} 1"[: target.limits[1] if target.limits else 20])
    if target.shape is Shape.CHOICE:
        return target.choices[0]
    return {Shape.NUMBER: "5", Shape.INTEGER: "3", Shape.BOOLEAN: "true", Shape.MOMENT: "2026-11-20T09:30:00Z"}[
        target.shape
    ]


def value_of(target: Target) -> object:
    """Return what our side holds for the same field."""
    text = text_of(target)
    made = {
        Shape.NUMBER: Decimal(5),
        Shape.INTEGER: 3,
        Shape.BOOLEAN: True,
        Shape.MOMENT: MOMENT,
    }.get(target.shape, text)
    return float(5) if target.path[-1] in ("latitude", "longitude") else made


def columns(form: Shaped) -> dict[str, Target]:
    """Return a column for each field, under a name that any format can hold."""
    header = {f"H_{name.replace('.', '_')}": target for name, target in form.fields.items()}
    lines = {f"L_{name.replace('.', '_')}": target for name, target in form.line_fields.items()}
    return header | lines


def ours(form: Shaped, column: str) -> str:
    """Return the canonical name of a column."""
    for prefix, names, group in (("H_", form.fields, "record."), ("L_", form.line_fields, f"{form.line}.")):
        for name in names:
            if column == f"{prefix}{name.replace('.', '_')}":
                return f"{group}{name}"
    raise LookupError(column)


def whole(form: Shaped) -> Record:
    """Return a record with every field that a mapping may name."""
    values = {name: value_of(target) for name, target in form.fields.items()}
    if form.line_record is not None:
        line = checked(form.line_record, {name: value_of(target) for name, target in form.line_fields.items()})
        values[form.lines] = (line,)
    return checked(form.record, values)


def spans(names: list[str]) -> dict[str, Span]:
    return {name: Span(40 * number + 1, 40 * number + 40) for number, name in enumerate(names)}


def file_of(name: str, cells: Mapping[str, str]) -> bytes:
    """Return a partner's file with one row, made without the mapping."""
    rows = [list(cells), list(cells.values())]
    if name == "csv":
        return delimited.write(rows, Dialect())
    if name == "fixed":
        return fixed.write(rows[1:], spans(list(cells)), Dialect())
    if name == "xlsx":
        return workbook.write(rows)
    if name == "xml":
        return XmlFormat().write([Node("row", children=[Node(key, text=value) for key, value in cells.items()])])
    return JsonFormat(by_line=name == "ndjson").write([Node("", dict(cells))])


def settings(name: str, names: list[str]) -> str:
    if name != "fixed":
        return f'format = "{name}"\n'
    places = ", ".join(f'{key} = "{span.first}-{span.last}"' for key, span in spans(names).items())
    return f'format = "fixed"\ncolumns = {{ {places} }}\n'


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", MAKES)
def test_every_field_is_read(lab: Lab, kind: Kind, name: str) -> None:
    form = shaped(kind)
    found = columns(form)
    mode = "mode = 'delta'\n" if kind.value in ("stock_level", "catalogue_entry", "expected_receipt") else ""
    head = f"[documents.x]\ndirection = 'in'\nmakes = '{kind}'\nfiles = '/x'\n{mode}{settings(name, list(found))}"
    fields = "".join(f"'{ours(form, each)}' = '{each}'\n" for each in found)
    documents = lab.load(f"{head}[documents.x.fields]\n{fields}").documents
    content = file_of(name, {each: text_of(target) for each, target in found.items()})
    assert list(documents.parse("x", content)) == [whole(form)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", TAKES)
def test_every_field_is_written(lab: Lab, kind: Kind, name: str) -> None:
    form = shaped(kind)
    found = columns(form)
    tree = name in ("json", "ndjson", "xml")
    rows = f"rows = '{form.lines}'\n" if form.lines else ""
    loop = "loop = 'lines'\n" if tree and form.lines else ""
    root = "root = 'row'\n" if name == "xml" else ""
    names = {
        each: f"lines.{each}" if loop and each.startswith("L_") else each for each in found if written(found[each])
    }
    fields = "".join(f"'{left}' = '{ours(form, each).removeprefix('record.')}'\n" for each, left in names.items())
    head = f"[documents.x]\ndirection = 'out'\ntakes = '{kind}'\nfiles = '/{placeholder(kind)}'\n{rows}{loop}{root}"
    documents = lab.load(f"{head}{settings(name, list(names))}[documents.x.fields]\n{fields}").documents
    content = documents.render("x", whole(form))
    assert read_back(name, content, list(names)) == {each: text_of(found[each]) for each in names}


def written(target: Target) -> bool:
    """Whether the partner would read the same text that it wrote: a coordinate is written as a number."""
    return target.path[-1] not in ("latitude", "longitude")


def placeholder(kind: Kind) -> str:
    names = {
        Kind.PURCHASE_ORDER: "number",
        Kind.SHIP_ORDER: "number",
        Kind.PURCHASE_ORDER_CHANGE: "change_number",
        Kind.FULFILMENT: "fulfilment_id",
        Kind.ACKNOWLEDGEMENT: "order_number",
        Kind.SHIPMENT: "shipment_number",
        Kind.INVOICE: "invoice_number",
        Kind.STOCK_ADJUSTMENT: "number",
    }
    return f"{{{names[kind]}}}" if kind in names else "x"


def read_back(name: str, content: bytes, names: list[str]) -> dict[str, str]:
    """Return the cells of the only row of a file, read without the mapping."""
    if name in ("csv", "xlsx"):
        rows = workbook.rows(content) if name == "xlsx" else delimited.records(content, Dialect())
        header, row = (cells for _, cells in rows if isinstance(cells, list))
        return dict(zip(header, row, strict=True))
    if name == "fixed":
        ((_, cells),) = fixed.read(content, spans(names), Dialect()).rows
        assert isinstance(cells, list)
        return {each: cell.strip() for each, cell in zip(names, cells, strict=True)}
    if name == "xml":
        (root,) = XmlFormat().read(content)
        assert isinstance(root, Node)
        leaves = [*root.children, *(leaf for each in root.children for leaf in each.children)]
        return {each.name: each.text for each in leaves if each.text}
    data = json.loads(content)
    flat = {**data, **data.pop("lines", [{}])[0]}
    flat.pop("lines", None)
    return {key: json.dumps(each) if isinstance(each, bool | int) else each for key, each in flat.items()}


def test_a_forecast_may_have_a_column_for_each_week(lab: Lab) -> None:
    text = """
[documents.forecast]
direction = "in"
makes = "expected_receipt"
mode = "snapshot"
files = "/out/forecast*.csv"
[documents.forecast.each]
"Week 48" = "2026-11-23"
"Week 49" = "2026-11-30"
[documents.forecast.fields]
sku = "Item"
quantity = "each.value"
expected_at = { from = "each.column", type = "date" }
certainty = { value = "ordered" }
"""
    found = list(lab.load(text).documents.parse("forecast", b"Item,Week 48,Week 49\nAB,5,\nAC,1,2\n"))
    assert not [each for each in found if isinstance(each, BadRecord)]
    told = [(each.sku, str(each.quantity), each.expected_at.day) for each in found]  # type: ignore[union-attr]
    assert told == [("AB", "5", 23), ("AC", "1", 23), ("AC", "2", 30)]
