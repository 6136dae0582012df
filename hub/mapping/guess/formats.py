"""Readers of samples that are no delimited text: JSON, XML, workbooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lxml import etree

from hub.codec import json_tree, workbook, xml_tree
from hub.codec.delimited import Dialect, write
from hub.codec.fault import Refused
from hub.codec.tree import Node
from hub.mapping.guess.encoding import decode
from hub.mapping.guess.layout import laid_out
from hub.mapping.guess.sample import NoSample, Sample
from hub.mapping.guess.tree import from_roots


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
        raise NoSample(f"{name}: {error.what}") from None
    sample = from_roots(roots, "xml")
    return _with_excerpt(sample, lambda count: _cut_xml(content, sample.rows.split("."), count))


def read_workbook(content: bytes, name: str) -> Sample:
    """Read the first sheet of an Excel workbook."""
    try:
        records = list(workbook.rows(content))[:2000]
    except Refused as error:
        raise NoSample(f"{name}: {error.what}") from None
    if not records:
        raise NoSample(f"{name}: its first sheet is empty")
    plain = [(number, list(row)) for number, row in records if isinstance(row, list)]
    sheet = laid_out(plain, "")

    def excerpt(count: int) -> str:
        above = [row for number, row in plain if number <= sheet.header_line]
        rows = [*above, *(list(row) for row in sheet.rows[:count])]
        return write(rows, Dialect(line_end="\n")).decode()

    return _with_excerpt(Sample("xlsx", sheet), excerpt)


def _with_excerpt(sample: Sample, excerpt: Callable[[int], str]) -> Sample:
    return Sample(sample.format, sample.sheet, sample.encoding, rows=sample.rows, named=sample.named, excerpt=excerpt)


def _read_lines(text: str, encoding: str, name: str, error: Refused) -> Sample:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        roots = [json_tree.tree(line) for line in lines[:2000]]
    except Refused:
        raise NoSample(f"{name}: {error.what}") from None
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
