"""A guessed document: every field with what makes it, as a mapping file will say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.mapping.guess import meaning
from hub.mapping.guess.breaks import Step, price_steps
from hub.mapping.guess.choice import Choice, Chosen, choose, names_an_order
from hub.mapping.guess.column import Column, symbol
from hub.mapping.guess.figure import AMOUNTS, figure, named, number_of, quoted
from hub.mapping.guess.meaning import Meant
from hub.mapping.guess.numeral import Writing
from hub.mapping.guess.sample import Sample
from hub.mapping.guess.spread import spread
from hub.mapping.guess.toml import toml_text
from hub.mapping.guess.vocabulary import tokens
from hub.model.document import Kind

_MOMENTS: Final = frozenset({"as_of", "expected_at", "acknowledged_at", "promised", "shipped_at", "invoiced_at"})
_FEWEST_TITLES: Final = 2
#: What a column for each warehouse makes.
_SPREAD: Final = ("quantity", "location")
_FIGURES: Final = frozenset(
    "quantity safety short backordered minimum price unit_cost freight tax total lead_days line_number weight_g".split()
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
    steps: tuple[Step, ...] = ()  # prices from so many on, in columns of their own
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
    steps = price_steps(columns) if choice.kind is Kind.CATALOGUE_ENTRY else ()
    made = Draft(sample, choice, _writing([each.column for each in choice.fields if _last(each.field) in _FIGURES]))
    made.spread = places
    unit = next((each for each in choice.fields if each.field.endswith("unit")), None)
    stepped = {step.column.name for step in steps}
    for each in choice.fields:
        if each is not unit:
            sure = replace(each, rival="") if {each.column.name, each.rival} <= stepped else each
            made.lines += _both(_line(made, sure, unit, partner), choice)
    if unit is not None:
        made.units = meaning.units(unit.column.distinct)
    if places:
        named_places = ", ".join(place.name for place in places)
        made.lines += [
            Line("quantity", _each_value(sample, unit), named_places, 85.0, ("each column a warehouse",)),
            Line("location", '"each.column"', named_places, 85.0, ("each column a warehouse",)),
        ]
        made.nodes = meaning.node_codes(partner, (place.name for place in places))
    price = choice.get("price")
    if price is not None:
        made.steps = tuple(step for step in steps if step.column is not price.column)
        made.lines += _step_lines(made.steps)
    made.currency = _currency(columns)
    several = (*places, *(step.column for step in made.steps))
    used = {each.column.name for each in (*choice.fields, *(Chosen("", column, 0.0) for column in several))}
    made.unused = tuple(column.name for column in columns if column.name not in used)
    made.skip_when = _skip_when(sample)
    return made


def _step_lines(steps: Sequence[Step]) -> list[Line]:
    if not steps:
        return []
    around = {mark for step in steps for mark in step.column.numbers.around}
    value = f"{{ formula = {toml_text(number_of('each.value', around))} }}" if around else '"each.value"'
    return [Line("break.minimum", '"each.column"', "", 90.0), Line("break.price", value, "", 90.0)]


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
        right = _figured(made, chosen, source, unit, doubts)
    elif name in ("status", "outcome", "active", "credit", "certainty"):
        right = _coded(made, chosen, source, doubts)
    elif name == "location":
        made.nodes = meaning.node_codes(partner, column.distinct[:50])
        made.tables["warehouses"] = [Meant(theirs, ours, sure=True) for theirs, ours in made.nodes.items()]
        right = f'{{ from = {source}, table = "warehouses" }}'
    else:
        if column.excel_ruined:
            doubts.append(f"a spreadsheet has ruined codes such as {column.excel_ruined!r}: ask for the file as text")
        right = source
    return Line(chosen.field, right, column.name, chosen.mark, tuple(doubts))


def _why(chosen: Chosen) -> str:
    return f"or {chosen.rival!r}" if chosen.rival else "the name leaves it open"


def reference(sample: Sample, column: Column) -> str:
    """Return how a mapping file names a column, as TOML: by its header, or by its place where two have the name."""
    if sample.rows or sample.sheet.header.count(column.name) == 1:
        return toml_text(column.name)
    return toml_text(f"#{column.index + 1}")


def _moment(source: str, column: Column, doubts: list[str]) -> str:
    found = column.dates
    if found.other:
        doubts.append(f"or {found.other}: no day of the sample is above 12")
    if not found.share:
        doubts.append("no date that is known")
    return f"{{ from = {source}, format = {toml_text(found.format)} }}" if found.format else source


def _figured(made: Draft, chosen: Chosen, source: str, unit: Chosen | None, doubts: list[str]) -> str:
    name = _last(chosen.field)
    unit_source = reference(made.sample, unit.column) if name == "quantity" and unit is not None else ""
    counted = name == "quantity" and made.choice.kind is Kind.STOCK_LEVEL
    found = figure(chosen.column, name, source, made.writing, unit=unit_source, counted=counted)
    doubts += found.doubts
    if found.words:
        made.tables[AMOUNTS] = meaning.amounts(found.words)
    return found.right


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
    """Return the formula of rows that are no records: sums, rules of dashes, headers once more, titles of sections."""
    header = sample.sheet.header
    told = [(index, word) for index, word in dict.fromkeys(sample.sheet.totals) if quoted(word)]
    titles = [(index, word) for index, word in told if _is_title(word, header[index])]
    by_words = told
    parts = []
    if len(titles) >= _FEWEST_TITLES and len({index for index, _ in titles}) == 1:  # the next file has others
        by_words = [each for each in told if each not in titles]
        beside = [column for column in sample.columns if column.index != titles[0][0] and column.filled_share == 1.0]
        parts = [" and ".join(f'{named(column.name, column.index)} == ""' for column in beside[:2])]
    parts += [f"{named(header[index], index)} == {quoted(word)}" for index, word in by_words]
    return " or ".join(dict.fromkeys(part for part in parts if part))


def _is_title(word: str, name: str) -> bool:
    """Whether a cell that stands alone in its row names a section: no sum, no header, some letters."""
    return word != name and any(map(str.isalpha, word)) and not any("total" in each.concepts for each in tokens(word))
