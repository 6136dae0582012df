"""The sample's first rows as an embedded test, with what the guess makes of them as what is expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
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
#: What the test is called that a sample's first rows make.
FIRST_ROWS: Final = "the first rows of the sample"
#: A moment with its zone; where a sample holds none, its test says local times, whatever zone is put right later.
_ZONED: Final = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)\b")


def embedded_test(document: Inward, given: str, zone: tzinfo = UTC) -> str:
    """Return `[[documents.NAME.tests]]` for these rows; `zone` is the partner's."""
    results = list(document.parse(given_bytes(given, document.declared.layout)))
    records = [each for each in results if isinstance(each, Record)]
    bad = [each for each in results if isinstance(each, BadRecord)]
    local = None if _ZONED.search(given) else zone
    lines = [
        f"[[documents.{document.declared.name}.tests]]",
        f'name   = "{FIRST_ROWS}"',
        f"given  = {_block(given)}",
        "expect = [",
        *(f"    {_inline(_told(record), local)}," for record in records),
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


def _inline(values: Mapping[str, object], zone: tzinfo | None) -> str:
    return "{ " + ", ".join(f"{name} = {_value(value, zone)}" for name, value in values.items()) + " }"


def _value(value: object, zone: tzinfo | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        moment = value.astimezone(zone or UTC).replace(tzinfo=None).isoformat()
        return moment if zone else f"{moment}Z"
    if isinstance(value, Record):
        return _inline(_told(value), zone)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(each, zone) for each in value) + "]"
    return str(value) if isinstance(value, int) else toml_text(str(value))
