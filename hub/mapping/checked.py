"""Making a record through the model's own checks, with errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hub.mapping.cell import CellError
from hub.mapping.problem import in_words
from hub.model.base import Record


def checked(record: type[Record], values: Mapping[str, object], prefix: str = "") -> Record:
    """Make a record through the model's own checks; raises CellError that names the field."""
    try:
        return record.model_validate(_nested(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
        raise CellError(in_words(first), field=f"{prefix}{name}" if name else "", code="value") from None


def _nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return `{"ship_to.city": x}` as `{"ship_to": {"city": x}}`; what is absent is left to the model."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        *above, last = name.split(".")
        inner = result
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return result
