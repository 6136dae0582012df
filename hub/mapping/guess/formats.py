"""Readers of samples that are no delimited text: JSON, XML, workbooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from lxml import etree

from hub.codec import json_tree, workbook, xml_tree
from hub.codec.delimited import Dialect, write
from hub.codec.fault import Refused
from hub.codec.tree import Node
from hub.mapping.guess.encoding import decode
from hub.mapping.guess.layout import Sheet, laid_out
from hub.mapping.guess.sample import NoSample, Sample
from hub.mapping.guess.tree import from_roots
from hub.mapping.guess.vocabulary import known

_MOST_SHEETS: Final = 10
_MOST_ROWS: Final = 2000


def read_json(content: bytes, name: str) -> Sample:
    """Read a JSON sample, or one with a JSON object on every line."""
    decoded = decode(content)
    try:
        root = json_tree.tree(decoded.text)
    except Refused as error:
        return _read_lines(decoded.text, decoded.encoding, name, error)
    sample = from_roots([root], "json", encoding=decoded.encoding)
    return _with_excerpt(sample, lambda count: _cut_json(decoded.text, sample.rows.split("."), count))


def read_xml(content: bytes, name: str) -> Sample:
    """Read an XML sample; names are those without their namespace."""
    try:
        roots = [each for each in xml_tree.XmlFormat().read(content) if isinstance(each, Node)]
    except Refused as error:
        raise _unreadable(name, error, content, b">") from None
    sample = from_roots(roots, "xml")
    return _with_excerpt(sample, lambda count: _cut_xml(content, sample.rows.split("."), count))


def read_workbook(content: bytes, name: str) -> Sample:
    """Read the sheet of an Excel workbook that looks most like a table of known columns."""
    try:
        names = workbook.sheets(content)
        found = {each: _plain_rows(content, each) for each in names[:_MOST_SHEETS]}
    except Refused as error:
        raise NoSample(f"{name}: {error.what}; {error.todo}") from None
    tables = {each: laid_out(rows, "") for each, rows in found.items() if rows}
    if not tables:
        raise NoSample(f"{name}: it is empty; ask the partner whether the export failed")
    best = max(tables, key=lambda each: _tabular(tables[each]))
    plain, sheet = found[best], tables[best]

    def excerpt(count: int) -> str:
        above = [row for number, row in plain if number <= sheet.header_line]
        rows = [*above, *(list(row) for row in sheet.rows[:count])]
        return write(rows, Dialect(line_end="\n")).decode()

    others = tuple(each for each in tables if each != best and _tabular(tables[each]) * 4 > _tabular(sheet))
    page = "" if best == names[0] and not others else best
    return replace(_with_excerpt(Sample("xlsx", sheet), excerpt), page=page, other_pages=others)


def _plain_rows(content: bytes, sheet: str) -> list[tuple[int, list[str]]]:
    rows = islice(workbook.rows(content, sheet), _MOST_ROWS)
    return [(number, list(row)) for number, row in rows if isinstance(row, list)]


def _tabular(sheet: Sheet) -> int:
    """Return how much a sheet looks like records: rows, and columns that are known."""
    return min(len(sheet.rows), 50) * sum(1 for name in sheet.header if known(name))


def _with_excerpt(sample: Sample, excerpt: Callable[[int], str]) -> Sample:
    return Sample(sample.format, sample.sheet, sample.encoding, rows=sample.rows, named=sample.named, excerpt=excerpt)


def _unreadable(name: str, error: Refused, content: bytes, ends: bytes) -> NoSample:
    """Return the error of a sample that is not of its kind; most of them were cut off on the way."""
    whole = content.rstrip(b"\x00 \t\r\n")[-1:] in ends
    todo = "" if whole else "; its end is missing: the file was cut off, fetch it once more"
    return NoSample(f"{name}: {error.what.removesuffix(' (<string>, line 1)')}{todo}")


def _read_lines(text: str, encoding: str, name: str, error: Refused) -> Sample:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        roots = [json_tree.tree(line) for line in lines[:2000]]
    except Refused:
        raise _unreadable(name, error, text.encode(), b"}]") from None
    return from_roots(roots, "ndjson", encoding=encoding, excerpt=lambda count: "\n".join(lines[:count]) + "\n")


def _cut_json(text: str, path: list[str], count: int) -> str:
    """Return the JSON with only the first so many of its records."""
    return json.dumps(_shortened(json.loads(text), path, count), ensure_ascii=False, indent=1) + "\n"


def _shortened(data: Any, path: list[str], count: int) -> Any:  # noqa: ANN401 - JSON
    if isinstance(data, list):
        return [
            _shortened(each, path[1:] if path and path[0] == json_tree.ELEMENT else path, count)
            for each in data[:count]
        ]
    if isinstance(data, dict) and path and path[0] in data:
        return {**data, path[0]: _shortened(data[path[0]], path[1:], count)}
    return data


def _cut_xml(content: bytes, path: list[str], count: int) -> str:
    """Return the XML with only the first so many of its records."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    last = path[-1]
    found = [each for each in root.iter() if isinstance(each.tag, str) and etree.QName(each).localname == last]
    for extra in found[count:]:
        parent = extra.getparent()
        if parent is not None:
            parent.remove(extra)
    etree.indent(root)
    text: str = etree.tostring(root, encoding="unicode")
    return f"{text}\n"
