"""One document as a mapping file declares it, before it is compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hub.codec.delimited import Dialect
from hub.contract import Mode
from hub.mapping.layout import ENVELOPED, SETTINGS, Layout, read_layout
from hub.mapping.located import Path as Way
from hub.mapping.rule import Numerals, Rule, read_numerals, read_rule
from hub.mapping.section import Section
from hub.mapping.source import Source
from hub.mapping.target import shaped
from hub.model.document import Direction, Kind

DOCUMENT_SETTINGS: Final = (
    *"use direction makes takes files mode hold_below skip_when decimal thousands trailing_sign fields tests".split(),
    *SETTINGS,
)
MAKES: Final = (
    Kind.STOCK_LEVEL,
    Kind.CATALOGUE_ENTRY,
    Kind.EXPECTED_RECEIPT,
    Kind.STOCK_ADJUSTMENT,
    Kind.ACKNOWLEDGEMENT,
    Kind.SHIPMENT,
    Kind.INVOICE,
    Kind.SALES_ORDER,
    Kind.SALES_ORDER_CHANGE,
)
TAKES: Final = (
    Kind.PURCHASE_ORDER,
    Kind.PURCHASE_ORDER_CHANGE,
    Kind.SHIP_ORDER,
    Kind.STOCK_PUSH,
    Kind.STOCK_ADJUSTMENT,
    Kind.FULFILMENT,
    Kind.ACKNOWLEDGEMENT,
    Kind.SHIPMENT,
    Kind.INVOICE,
)
#: Documents in which a row that is missing may mean "none left"; their file must say which it is.
_LISTS: Final = frozenset({Kind.STOCK_LEVEL, Kind.CATALOGUE_ENTRY, Kind.EXPECTED_RECEIPT})
HOLD_BELOW: Final = Decimal("0.5")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of one document: what it is, how it is written, and what each field is made from."""

    way: Way
    name: str
    direction: Direction
    kind: Kind
    mode: Mode
    hold_below: Decimal
    files: str
    rows: str
    skip_when: str | None
    layout: Layout
    numerals: Numerals
    rules: tuple[Rule, ...]
    tests: tuple[Mapping[str, Any], ...]

    @property
    def dialect(self) -> Dialect:
        """How its text is written."""
        return self.layout.dialect


def read_documents(source: Source) -> tuple[Declared, ...]:
    """Read every document of the file; what is wrong is noted in the source."""
    names = Section(source, ("documents",)).data
    return tuple(each for each in (_document(source, name) for name in names) if each is not None)


def _document(source: Source, name: str) -> Declared | None:
    section = Section(source, ("documents", name))
    section.only(DOCUMENT_SETTINGS)
    if not _NAME.fullmatch(name):
        section.source.report(section.way, f"a document is named in small letters, digits and _, not {name!r}")
    direction = section.choice("direction", list(Direction), None)
    if direction is None:
        if section.data and "direction" not in section.data:
            source.report(section.way, f'document {name} needs a direction: "in" (from the partner) or "out" (to it)')
        return None
    kind = _kind(section, Direction(direction))
    section.flag("use")
    numerals = read_numerals(section, Numerals())
    layout = read_layout(section, Direction(direction))
    rules, files = _rules(section, numerals), _files(section)
    if kind is None:
        return None
    return Declared(
        way=section.way,
        name=name,
        direction=Direction(direction),
        kind=kind,
        mode=_mode(section, kind),
        hold_below=_hold_below(section),
        files=files,
        rows=_rows(section, Direction(direction), kind),
        skip_when=_inward_only(section, Direction(direction)),
        layout=layout,
        numerals=numerals,
        rules=rules,
        tests=_tests(section),
    )


def _kind(section: Section, direction: Direction) -> Kind | None:
    right, wrong, kinds = ("makes", "takes", MAKES) if direction is Direction.IN else ("takes", "makes", TAKES)
    if wrong in section.data:
        section.report(wrong, f'a document with direction = "{direction}" {right} something; {wrong} is for the other')
    if right not in section.data:
        message = f"document {section.way[-1]} must say what it {right}: one of {', '.join(kinds)}"
        section.source.report(section.way, message)
        return None
    name = section.choice(right, kinds, None)
    return None if name is None else Kind(name)


def _mode(section: Section, kind: Kind) -> Mode:
    if "mode" not in section.data and kind in _LISTS:
        section.source.report(
            section.way,
            'mode is missing: "snapshot" (what the file does not list is gone) or "delta" (it has not changed)',
        )
    if "mode" in section.data and kind not in _LISTS:
        section.report("mode", f"mode has no use here; it is for {' and '.join(sorted(_LISTS))}")
    return Mode(section.choice("mode", list(Mode), Mode.DELTA))


def _hold_below(section: Section) -> Decimal:
    """Return the part of the last snapshot's rows below which one is held; half of them unless the file says so."""
    if "hold_below" not in section.data:
        return HOLD_BELOW
    value = section.number("hold_below")
    if section.data.get("mode") != Mode.SNAPSHOT:
        section.report("hold_below", 'hold_below has no use here: it is for mode = "snapshot"')
    if value is not None and not 0 <= value <= 1:
        section.report(
            "hold_below", "hold_below is a part of the last snapshot's rows: from 0 (never) to 1", value=True
        )
    return HOLD_BELOW if value is None else value


def _files(section: Section) -> str:
    files = section.text("files", "")
    if not files and section.data.get("format") not in ENVELOPED:
        section.report("files", 'files is missing: which files these are, such as "/out/inventory*.csv"')
    return files


def _rows(section: Section, direction: Direction, kind: Kind) -> str:
    """Return the canonical lines that an outbound document has rows for; inward, `rows` is a path of the layout."""
    if direction is Direction.IN:
        return ""
    lines = shaped(kind).lines
    return section.choice("rows", [lines] if lines else [], "")


def _inward_only(section: Section, direction: Direction) -> str | None:
    if direction is Direction.OUT and "skip_when" in section.data:
        section.report("skip_when", "skip_when has no use here: it leaves out rows that come in")
        return None
    return section.text("skip_when", None)


def _rules(section: Section, numerals: Numerals) -> tuple[Rule, ...]:
    fields = Section(section.source, (*section.way, "fields"))
    if not fields.data:
        section.report("fields", f"document {section.way[-1]} has no fields")
    rules = (read_rule(section.source, (*fields.way, left), numerals) for left in fields.data)
    return tuple(rule for rule in rules if rule is not None)


def _tests(section: Section) -> tuple[Mapping[str, Any], ...]:
    tests = section.data.get("tests", [])
    if isinstance(tests, list) and all(isinstance(test, dict) for test in tests):
        return tuple(tests)
    section.report("tests", f"tests are written as [[documents.{section.way[-1]}.tests]]")
    return ()
