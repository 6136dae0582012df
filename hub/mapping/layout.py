"""How the file of a document is written: its format, where its columns stand, what lies around its rows."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.codec.delimited import ENCODINGS, Dialect
from hub.codec.fixed import Span
from hub.codec.idoc.tree import IdocFormat
from hub.codec.json_tree import JsonFormat
from hub.codec.nested import NestedFormat
from hub.codec.path import Path, PathRefused, parse
from hub.codec.tree import TreeFormat
from hub.codec.x12.standard.guide import Guide, read_guide
from hub.codec.x12.tree import X12Format
from hub.codec.xml_tree import XmlFormat
from hub.mapping.problem import did_you_mean
from hub.mapping.section import Section
from hub.model.document import Direction

#: The releases of X12 whose grammar is known.
RELEASES: Final = ("004010", "005010")
#: The formats that are trees, each with what makes its codec.
TREES: Final[Mapping[str, Callable[[Section, Dialect], TreeFormat]]] = {
    "json": lambda _, dialect: JsonFormat(dialect.encoding),
    "ndjson": lambda _, dialect: JsonFormat(dialect.encoding, by_line=True),
    "xml": lambda section, dialect: XmlFormat(_namespaces(section), dialect.encoding),
    "x12": lambda section, _: X12Format(section.choice("release", RELEASES, RELEASES[0])),
    "idoc": lambda section, dialect: IdocFormat(encoding=dialect.encoding if "encoding" in section.data else ""),
}
#: Formats that travel in envelopes: their connector cuts the files, so a document need not say which they are.
ENVELOPED: Final = ("x12", "idoc")
_TABLES: Final = ("csv", "fixed", "xlsx")
FORMATS: Final = (*_TABLES, *TREES)
_TEXTS: Final = ("csv", "fixed")
#: Settings that only some formats know.
_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("delimiter", "quote", "filled"), ("csv",)),
    **dict.fromkeys(("line_end", "nest", "ignore"), _TEXTS),
    **dict.fromkeys(("preamble", "footer", "columns"), _TABLES),
    "header": ("csv", "xlsx"),
    "sheet": ("xlsx",),
    "namespaces": ("xml",),
    **dict.fromkeys(("release", "guide", "by_place"), ("x12",)),
    "encoding": (*_TEXTS, *TREES),
}
SETTINGS: Final = (*_FOR, "format", "rows", "loop", "root", "each")
_LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_MOST_PREAMBLE: Final = 1000
#: What a field names to read one of several columns that each make a record (`each`).
EACH_VALUE: Final = "each.value"
EACH_COLUMN: Final = "each.column"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is declared; `tree` is set for formats that are trees, `preamble` is None where it may be any length."""

    format: str = "csv"
    dialect: Dialect = field(default_factory=Dialect)
    header: bool = True
    preamble: int | None = 0
    footer: int = 0
    filled: bool = False
    columns: tuple[str, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)
    sheet: str = ""
    tree: TreeFormat | None = None
    rows: Path | None = None
    loop: Path | None = None
    root: str = ""
    each: Mapping[str, str] = field(default_factory=dict)
    guide: Guide = field(default_factory=Guide)
    by_place: bool = False

    def path(self, text: str, *, sums: bool = False) -> Path:
        """Return a path over the format's trees, or with `sums` a sum over one; raises PathRefused."""
        return parse(text, self.tree.pairs if self.tree else {}, sums=sums)


def read_layout(section: Section, direction: Direction) -> Layout:
    """Read how the file is written; what is wrong is noted."""
    name = section.choice("format", FORMATS, "csv")
    _only_for(section, name)
    dialect = _dialect(section)
    levels = _texts(section, "nest")
    columns, spans, nested = _columns(section, name, levels)
    tree = TREES[name](section, dialect) if name in TREES else None
    if levels:
        tree = NestedFormat(levels, dialect, nested[0], nested[1], _texts(section, "ignore"))
    inward = direction is Direction.IN
    inward_root = () if section.data.get("format") in ENVELOPED else ("root",)
    for key in ("loop", *inward_root) if inward else ("preamble", "footer", "filled", "by_place"):
        if key in section.data:
            section.report(key, f"{key} has no use here: it is for what {'leaves' if inward else 'comes in'}")
    return Layout(
        format=name,
        dialect=dialect,
        header=section.flag("header", not columns),
        preamble=_preamble(section),
        footer=section.count("footer", 0, _MOST_PREAMBLE) or 0,
        filled=section.flag("filled") or name == "xlsx",
        columns=columns,
        spans=spans,
        sheet=section.text("sheet", ""),
        tree=tree,
        rows=_path(section, "rows", tree) if inward else None,
        loop=_path(section, "loop", tree) if not inward else None,
        root=section.text("root", ""),
        each=_each(section, inward=inward),
        guide=_guide(section),
        by_place=section.flag("by_place"),
    )


def _only_for(section: Section, name: str) -> None:
    for key, formats in _FOR.items():
        if key in section.data and name not in formats:
            section.report(key, f'{key} has no use with format = "{name}"; it is for {", ".join(formats)}')


def _path(section: Section, key: str, tree: TreeFormat | None) -> Path | None:
    text = section.text(key, None)
    if text is None:
        return None
    if tree is None:
        what = "every row of a table is read" if key == "rows" else "a row of a table is written for each line"
        section.report(key, f"{key} has no use here: {what}")
        return None
    try:
        return parse(text, tree.pairs)
    except PathRefused as error:
        section.report(key, f"{key}: {error}", shift=error.column)
        return None


def _preamble(section: Section) -> int | None:
    if section.data.get("preamble") == "any":
        return None
    value = section.data.get("preamble", 0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_PREAMBLE:
        return value
    message = f'preamble is the number of lines before the header, up to {_MOST_PREAMBLE}, or "any"'
    section.report("preamble", message, value=True)
    return 0


def _texts(section: Section, key: str) -> tuple[str, ...]:
    value = section.data.get(key, [])
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return tuple(value)
    section.report(key, f'{key} must be a list of texts, such as ["H", "D"]', value=True)
    return ()


_Nested = tuple[Mapping[str, tuple[str, ...]], Mapping[str, Mapping[str, Span]]]


def _columns(
    section: Section, name: str, levels: tuple[str, ...]
) -> tuple[tuple[str, ...], Mapping[str, Span], _Nested]:
    """Return the declared columns by name, by place, and by line type."""
    if levels:
        inner = Section(section.source, (*section.way, "columns"))
        for level in inner.data.keys() - set(levels):
            inner.report(level, f"columns of {level!r}, which is no line type{did_you_mean(level, levels)}")
        if name == "fixed":
            return (), {}, ({}, {level: _spans(inner, level) for level in levels})
        return (), {}, ({level: _texts(inner, level) for level in inner.data}, {})
    if name != "fixed":
        return _texts(section, "columns"), {}, ({}, {})
    return (), _spans(section, "columns"), ({}, {})


def _spans(above: Section, key: str) -> Mapping[str, Span]:
    section = Section(above.source, (*above.way, key))
    if not section.data:
        above.report(key, f'{key} must say where each column stands, such as {key} = {{ Item = "1-12" }}')
    spans = {name: Span.read(section.text(name, "")) for name in section.data}
    for name, span in spans.items():
        if span is None:
            section.report(name, f'{name} must be a place such as "1-12" or "13-20 right"', value=True)
    found = {name: span for name, span in spans.items() if span is not None}
    return dict(sorted(found.items(), key=lambda each: each[1].first))


def _namespaces(section: Section) -> Mapping[str, str]:
    inner = Section(section.source, (*section.way, "namespaces"))
    return {prefix: inner.text(prefix, "") for prefix in inner.data}


def _each(section: Section, *, inward: bool) -> Mapping[str, str]:
    if "each" in section.data and not inward:
        section.report("each", "each has no use here: it makes several records of a row that comes in")
        return {}
    inner = Section(section.source, (*section.way, "each"))
    return {column: inner.text(column, "") for column in inner.data}


def _guide(section: Section) -> Guide:
    """Read what the partner asks of an X12 document beyond the standard."""
    inner = Section(section.source, (*section.way, "guide"))
    guide, problems = read_guide(inner.data)
    for problem in problems:
        section.source.report((*inner.way, *problem.way), problem.why)
    return guide


def _dialect(section: Section) -> Dialect:
    delimiter = section.character("delimiter", ",")
    quote = section.character("quote", '"', empty=True)
    for key, mark in (("delimiter", delimiter), ("quote", quote)):
        if mark.isalnum() or mark in ("\r", "\n", "\x00", " "):
            section.report(key, f"{key} cannot be {mark!r}", value=True)
    if delimiter == quote:
        section.report("quote", f"delimiter and quote are both {quote!r}", value=True)
    line_end = section.choice("line_end", _LINE_ENDS, "crlf")
    return Dialect(delimiter, quote, _encoding(section), _LINE_ENDS[line_end])


def _encoding(section: Section) -> str:
    """Return the encoding under our name for it; `windows-1252` and `UTF8` are as good as ours."""
    name = section.text("encoding", "utf-8")
    known = {codecs.lookup(each).name: each for each in reversed(ENCODINGS)}
    try:
        return known[codecs.lookup(name).name]
    except (LookupError, ValueError):
        return section.choice("encoding", ENCODINGS, "utf-8")
