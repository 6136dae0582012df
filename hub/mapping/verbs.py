"""Which verbs fit which field: what a declaration says that cannot work is told before any file arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hub.mapping.cell import Cell, CellError, Ground
from hub.mapping.moment import FormatRefused, MomentFormat
from hub.mapping.problem import did_you_mean
from hub.mapping.rule import Rule, Scalar
from hub.mapping.source import Source
from hub.mapping.target import Shape, Target

_TYPES: Final[Mapping[Shape, tuple[str, ...]]] = {
    Shape.TEXT: ("text", "integer", "decimal"),
    Shape.NUMBER: ("integer", "decimal"),
    Shape.INTEGER: ("integer",),
    Shape.BOOLEAN: ("boolean",),
    Shape.MOMENT: ("date", "datetime"),
    Shape.CHOICE: ("text",),
}
_MOST_TOLD: Final = 20
_NUMBERS: Final = (Shape.NUMBER, Shape.INTEGER)
#: Verbs that only some kinds of value can take.
_FITS: Final[Mapping[str, tuple[Shape, ...]]] = {
    "format": (Shape.MOMENT,),
    "unit_from": _NUMBERS,
    "min": _NUMBERS,
    "places": (Shape.NUMBER,),
    "pad": (Shape.TEXT,),
}


def fits(source: Source, rule: Rule, shape: Shape, ground: Ground) -> bool:
    """Note every verb of a rule that its field, its format or its table cannot work with."""
    before = len(source.problems)
    if rule.type is not None and rule.type not in _TYPES[shape]:
        message = f"{rule.left} is {_article(shape)}; type can be {' or '.join(_TYPES[shape])}"
        source.report((*rule.way, "type"), message, value=True)
    for verb, shapes in _FITS.items():
        if getattr(rule, verb) is not None and shape not in (*shapes, *_text_numbers(rule, verb)):
            source.report((*rule.way, verb), f"{verb} has no use here: {rule.left} is {_article(shape)}")
    if rule.table is not None and rule.table not in ground.tables:
        message = f"table {rule.table!r} is not defined{did_you_mean(rule.table, ground.tables)}"
        source.report((*rule.way, "table"), message, value=True)
    if rule.value is not None:
        for verb in ("table", "unit_from", "default", "optional"):
            if getattr(rule, verb):
                source.report((*rule.way, verb), f"{verb} has no use here: {rule.left} is always {rule.value!r}")
    if rule.format is not None and shape is Shape.MOMENT:
        format_works(source, rule, ground)
    return len(source.problems) == before


def fits_out(source: Source, rule: Rule, shape: Shape, ground: Ground) -> bool:
    """Note every verb that an outbound column cannot work with."""
    before = len(source.problems)
    for verb, why in (("unit_from", "it reads units that come in"), ("optional", "it is for columns that come in")):
        if getattr(rule, verb):
            source.report((*rule.way, verb), f"{verb} has no use here: {why}")
    if rule.unit_from or rule.optional or rule.pad:  # told already, or fine outward
        rule = replace(rule, unit_from=None, optional=False, pad=None)
    if rule.type == "text":  # a number in quotes, where the format knows types
        rule = replace(rule, type=None)
    fits(source, rule, shape, ground)
    return len(source.problems) == before


def format_works(source: Source, rule: Rule, ground: Ground) -> None:
    """Note what is wrong with a date format, at its column."""
    try:
        MomentFormat(rule.format or "", ground.zone)
    except FormatRefused as error:
        source.report((*rule.way, "format"), f"format: {error}", shift=error.column)


def cell_for(source: Source, rule: Rule, target: Target, ground: Ground) -> Cell | None:
    """Return the way from text to the field, or None after noting each constant that the field refuses."""
    if rule.default is None and rule.table is None:
        return Cell(rule, target, ground)
    probe = Cell(replace(rule, table=None, default=None), target, ground)
    before = len(source.problems)
    if rule.default is not None:
        _try(source, probe, (*rule.way, "default"), rule.default)
    if rule.table is not None:
        for code, ours in ground.tables[rule.table].items():
            way = ("tables", rule.table, code)
            _try(source, probe, (*rule.way, "table") if rule.table in source.references else way, ours)
            if len(source.problems) - before == _MOST_TOLD:
                break
    return Cell(rule, target, ground) if len(source.problems) == before else None


def _try(source: Source, probe: Cell, way: tuple[str | int, ...], value: Scalar) -> None:
    try:
        probe.constant(value)
    except CellError as error:
        source.report(way, f"{error.field} cannot be {value!r}: {error.why}", value=True)


def _text_numbers(rule: Rule, verb: str) -> tuple[Shape, ...]:
    """A text that is declared a number may be rounded and bounded like one."""
    return (Shape.TEXT,) if rule.type in ("integer", "decimal") and verb in ("min", "places") else ()


def _article(shape: Shape) -> str:
    return "one of fixed words" if shape is Shape.CHOICE else f"a {shape}" if shape is not Shape.BOOLEAN else shape
