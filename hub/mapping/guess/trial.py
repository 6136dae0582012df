"""The sample's first rows as an embedded test, with what the guess makes of them as what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from hub.contract import BadRecord
from hub.mapping.case import given_bytes
from hub.mapping.guess.toml import toml_text
from hub.mapping.inward import Inward
from hub.model.base import Record
from hub.model.number import plain

#: So many rows of a sample go into its test.
ROWS: Final = 3


def embedded_test(document: Inward, given: str) -> str:
    """Return `[[documents.NAME.tests]]` for these rows."""
    results = list(document.parse(given_bytes(given, document.declared.layout)))
    records = [each for each in results if isinstance(each, Record)]
    bad = [each for each in results if isinstance(each, BadRecord)]
    lines = [
        f"[[documents.{document.declared.name}.tests]]",
        'name   = "the first rows of the sample"',
        f"given  = {_block(given)}",
        "expect = [",
        *(f"    {_inline(_told(record))}," for record in records),
        "]",
    ]
    if bad:
        told = ", ".join(f"{{ record = {toml_text(each.record)}, field = {toml_text(each.field)} }}" for each in bad)
        lines.append(f"bad    = [{told}]  # ? why these are parked: crossdock mapping try")
    return "\n".join(lines) + "\n"


def _block(text: str) -> str:
    plain_text = all(each.isprintable() or each in "\n\t" for each in text)
    if "'''" not in text and plain_text:
        return f"'''\n{text}'''"
    return toml_text(text)


def _told(record: Record) -> dict[str, object]:
    """Return what a record holds beside its defaults."""
    return {name: value for name, value in record if name in record.model_fields_set and not _says_nothing(value)}


def _says_nothing(value: object) -> bool:
    return value is None or value in ("", ())


def _inline(values: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in values.items()) + " }"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, Record):
        return _inline(_told(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_lines(value)) + "]"
    return str(value) if isinstance(value, int) else toml_text(str(value))


def _lines(values: Iterable[object]) -> Iterator[str]:
    return (_value(value) for value in values)
