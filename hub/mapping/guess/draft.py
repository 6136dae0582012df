"""A guessed document: every field with what makes it, as a mapping file will say it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.mapping.guess import meaning
from hub.mapping.guess.choice import Choice, Chosen, choose, names_an_order
from hub.mapping.guess.column import MORE_OR_LESS, Column, symbol
from hub.mapping.guess.meaning import Meant
from hub.mapping.guess.numeral import Writing
from hub.mapping.guess.sample import Sample
from hub.mapping.guess.spread import spread
from hub.mapping.guess.vocabulary import tokens

_GRAMS: Final[Mapping[str, str]] = {"kilogram": "1000", "gram": "", "pound": "453.59237", "ounce": "28.349523125"}
_MOMENTS: Final = frozenset({"as_of", "expected_at", "acknowledged_at", "promised", "shipped_at", "invoiced_at"})
#: What a column for each warehouse makes.
_SPREAD: Final = ("quantity", "location")
_FIGURES: Final = frozenset(
    "quantity safety short minimum price unit_cost freight tax total lead_days line_number weight_g".split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the draft: `right` is what makes it, as TOML; `doubts` are said behind a `# ?`."""

    left: str
    right: str
    column: str
    mark: float
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Draft:
    """One guessed document with its tables and units."""

    sample: Sample
    choice: Choice
    writing: Writing
    lines: list[Line] = field(default_factory=list)
    tables: dict[str, list[Meant]] = field(default_factory=dict)
    units: list[Meant] = field(default_factory=list)
    nodes: dict[str, str] = field(default_factory=dict)  # their name = our code
    spread: tuple[Column, ...] = ()
    currency: str = ""
    unused: tuple[str, ...] = ()
    skip_when: str = ""


def draft(sample: Sample, document: str | None, partner: str) -> Draft:
    """Work out one document from a sample."""
    columns = sample.columns
    lists = document == "stock" or (document is None and not any(map(names_an_order, columns)))
    places = spread(columns) if lists else ()
    if places:
        rest = [column for column in columns if column not in places]
        choice = choose(rest, "stock", sample.named)
        choice = replace(choice, fields=tuple(each for each in choice.fields if each.field not in _SPREAD))
    else:
        choice = choose(columns, document, sample.named)
    made = Draft(sample, choice, _writing([each.column for each in choice.fields if _last(each.field) in _FIGURES]))
    made.spread = places
    unit = next((each for each in choice.fields if each.field.endswith("unit")), None)
    for each in choice.fields:
        if each is not unit:
            made.lines += _both(_line(made, each, unit, partner), choice)
    if unit is not None:
        made.units = meaning.units(unit.column.distinct)
    if places:
        made.lines += [
            Line("quantity", _each_value(sample, unit), "", 85.0, ("each column a warehouse",)),
            Line("location", '"each.column"', "", 85.0, ("each column a warehouse",)),
        ]
        made.nodes = meaning.node_codes(partner, (place.name for place in places))
    made.currency = _currency(columns)
    used = {each.column.name for each in choice.fields} | {place.name for place in places}
    made.unused = tuple(column.name for column in columns if column.name not in used)
    made.skip_when = _skip_when(sample)
    return made


def _each_value(sample: Sample, unit: Chosen | None) -> str:
    if unit is None:
        return '"each.value"'
    return f'{{ from = "each.value", unit_from = {reference(sample, unit.column)} }}'


def _both(line: Line, choice: Choice) -> list[Line]:
    """A tracking number is the shipment's, and that of each of its lines: parcels may differ."""
    if line.left != "tracking" or choice.get("line.quantity") is None:
        return [line]
    return [replace(line, left=f"{part}.tracking") for part in ("record", "line")]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _writing(columns: Sequence[Column]) -> Writing:
    """Return how most of the numbers are written; what a column leaves open, the others decide."""
    found = [column.numbers.writing for column in columns if column.is_number]
    sure = [each for each in found if each.sure]
    decimal = _most(each.decimal for each in sure) or _most(each.decimal for each in found)
    thousands = _most(each.thousands for each in sure) or _most(each.thousands for each in found)
    if decimal == thousands and decimal:
        doubtful = [each for each in found if not each.sure]
        if any(each.thousands == decimal for each in doubtful) and not any(each.decimal == decimal for each in sure):
            decimal = ""
        else:
            thousands = ""
    doubt = any(not each.sure for each in found) and not any(each.decimal for each in sure)
    return Writing(decimal, thousands, any(each.trailing_sign for each in found), sure=not doubt)


def _most(marks: Iterable[str]) -> str:
    found = Counter(mark for mark in marks if mark).most_common(1)
    return found[0][0] if found else ""


def _line(made: Draft, chosen: Chosen, unit: Chosen | None, partner: str) -> Line:
    column, name = chosen.column, _last(chosen.field)
    doubts = [] if chosen.sure else [_why(chosen)]
    source = reference(made.sample, column)
    if name in _MOMENTS:
        right = _moment(source, column, doubts)
    elif name in _FIGURES:
        right = _figure(made, chosen, source, unit, doubts)
    elif name in ("status", "outcome", "active", "credit", "certainty"):
        right = _coded(made, chosen, source, doubts)
    elif name == "location":
        made.nodes = meaning.node_codes(partner, column.distinct[:50])
        made.tables["warehouses"] = [Meant(theirs, ours, sure=True) for theirs, ours in made.nodes.items()]
        right = f'{{ from = {source}, table = "warehouses" }}'
    else:
        right = source
    return Line(chosen.field, right, column.name, chosen.mark, tuple(doubts))


def _why(chosen: Chosen) -> str:
    return f"or {chosen.rival!r}" if chosen.rival else "the name leaves it open"


def reference(sample: Sample, column: Column) -> str:
    """Return how a mapping file names a column, as TOML: by its header, or by its place where two have the name."""
    if sample.rows or sample.sheet.header.count(column.name) == 1:
        return toml_text(column.name)
    return toml_text(f"#{column.index + 1}")


def toml_text(text: str) -> str:
    """Return a text as TOML writes it."""
    if "'" not in text and ('"' in text or "\\" in text) and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _moment(source: str, column: Column, doubts: list[str]) -> str:
    found = column.dates
    if found.other:
        doubts.append(f"or {found.other}: no day of the sample is above 12")
    if not found.share:
        doubts.append("no date that is known")
    return f"{{ from = {source}, format = {toml_text(found.format)} }}" if found.format else source


def _figure(made: Draft, chosen: Chosen, source: str, unit: Chosen | None, doubts: list[str]) -> str:
    column, name = chosen.column, _last(chosen.field)
    factor = _factor(column, name, doubts)
    if MORE_OR_LESS.intersection(column.numbers.around):
        doubts.append("some figures say more or less than: the number alone is taken")
    own = column.numbers.writing
    if own.decimal and made.writing.decimal and own.decimal != made.writing.decimal and own.sure:
        doubts.append("its numbers are written otherwise than the others")
    if column.numbers.around or factor:
        return f"{{ formula = {toml_text(_formula(column, factor))} }}"
    if name == "quantity" and unit is not None:
        return f"{{ from = {source}, unit_from = {reference(made.sample, unit.column)} }}"
    return source


def _formula(column: Column, factor: str) -> str:
    text = _cell(column.name, column.index)
    for around in sorted(column.numbers.around, key=len, reverse=True):
        text = f'replace({text}, {_quoted(around)}, "")'
    number = f"number({text})"
    return f"{number} * {factor}" if factor else number


def _cell(name: str, index: int) -> str:
    """Return how a formula names a column: by its place where its name cannot stand in one."""
    return f"col[{_quoted(name) or _quoted(f'#{index + 1}')}]"


def _quoted(text: str) -> str:
    """Return a text as formulas write it, which know no backslash; nothing where it cannot be written."""
    mark = next((mark for mark in ('"', "'") if mark not in text), "")
    return f"{mark}{text}{mark}" if text and mark and text.isprintable() and "\\" not in text else ""


def _factor(column: Column, name: str, doubts: list[str]) -> str:
    """Return what a figure has to be multiplied with to be in our measure."""
    around = " ".join(column.numbers.around)
    measures = column.concepts | {concept for token in tokens(around) for concept in token.concepts}
    if name == "lead_days":
        return "7" if "weeks" in measures and "days" not in measures else ""
    if name != "weight_g":
        return ""
    for measure, factor in _GRAMS.items():
        if measure in measures:
            return factor
    heavy = column.is_whole
    doubts.append("taken for grams" if heavy else "taken for kilograms")
    return "" if heavy else "1000"


def _coded(made: Draft, chosen: Chosen, source: str, doubts: list[str]) -> str:
    column, name = chosen.column, _last(chosen.field)
    if name == "outcome":
        asked = next((each for each in made.sample.columns if {"ordered", "quantity"} <= each.concepts), None)
        asked = asked or next((each for each in made.sample.columns if {"order", "quantity"} <= each.concepts), None)
        given = made.choice.get("line.quantity")
        meant = meaning.answers(column, asked, given.column if given else None, made.writing)
        table = "answers"
    elif name == "status":
        meant, table = meaning.statuses(column), "statuses"
    elif name == "certainty":
        meant, table = meaning.certainties(column), "certainties"
    else:
        meant, table = meaning.flags(column), "flags"
    if not all(each.sure for each in meant):
        doubts.append(f"see [tables.{table}]")
    made.tables[table] = meant
    return f'{{ from = {source}, table = "{table}" }}'


def _currency(columns: Sequence[Column]) -> str:
    """Return the currency of the prices: from a column of one currency, a sign beside figures, or a header."""
    for column in columns:
        if column.currency_share == 1.0 and len(column.distinct) == 1:
            return column.distinct[0].upper()
    for column in columns:
        if "price" in column.concepts or "cost" in column.concepts:
            words = (*column.name.replace("(", " ").replace(")", " ").replace("[", " ").replace("]", " ").split(),)
            signs = [symbol(word) for word in (*column.numbers.around, *words)]
            found = next((sign for sign in signs if sign), "")
            if found:
                return found
    return ""


def _skip_when(sample: Sample) -> str:
    parts = []
    header = sample.sheet.header
    for index, word in dict.fromkeys(sample.sheet.totals):
        if _quoted(word):
            parts.append(f"{_cell(header[index], index)} == {_quoted(word)}")
    return " or ".join(dict.fromkeys(parts))
