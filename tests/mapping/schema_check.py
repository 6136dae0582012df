"""Just enough of JSON Schema (draft 7) to hold files against the one that we publish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str, date, datetime),
    "number": (int, float, Decimal),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


class SchemaCheck:
    """A schema that values are held against."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema

    def problems(self, value: Any) -> list[str]:
        """Return what of a value the schema refuses."""
        return list(self._check(self._root, value, ""))

    def _check(self, schema: dict[str, Any], value: Any, way: str) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/definitions/")
            yield from self._check(self._root["definitions"][name], value, way)
        if "type" in schema and not self._is(schema["type"], value):
            yield f"{way}: {value!r} is not {schema['type']}"
            return
        if "const" in schema and value != schema["const"]:
            yield f"{way}: {value!r} is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{way}: {value!r} is not one of {schema['enum']}"
        if isinstance(value, str):
            yield from self._text(schema, value, way)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            yield from self._number(schema, value, way)
        if isinstance(value, dict):
            yield from self._object(schema, value, way)
        if isinstance(value, list) and "items" in schema:
            for number, each in enumerate(value):
                yield from self._check(schema["items"], each, f"{way}[{number}]")
        yield from self._combined(schema, value, way)

    def _combined(self, schema: dict[str, Any], value: Any, way: str) -> Iterator[str]:
        for each in schema.get("allOf", []):
            yield from self._check(each, value, way)
        if "anyOf" in schema and all(list(self._check(each, value, way)) for each in schema["anyOf"]):
            yield f"{way}: {value!r} fits none of {[list(self._check(each, value, way)) for each in schema['anyOf']]}"
        if "oneOf" in schema and sum(not list(self._check(each, value, way)) for each in schema["oneOf"]) != 1:
            yield f"{way}: {value!r} does not fit exactly one"
        if "if" in schema and not list(self._check(schema["if"], value, way)):
            yield from self._check(schema.get("then", {}), value, way)

    def _text(self, schema: dict[str, Any], value: str, way: str) -> Iterator[str]:
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{way}: {value!r} does not match {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{way}: {value!r} has the wrong length"

    def _number(self, schema: dict[str, Any], value: Any, way: str) -> Iterator[str]:
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{way}: {value} is out of bounds"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            yield f"{way}: {value} is too small"

    def _object(self, schema: dict[str, Any], value: dict[str, Any], way: str) -> Iterator[str]:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{way}: {name} is missing"
        known = schema.get("properties", {})
        other = schema.get("additionalProperties", True)
        for name, each in value.items():
            if name in known:
                yield from self._check(known[name], each, f"{way}.{name}")
            elif other is False:
                yield f"{way}: {name} is unknown"
            elif other is not True:
                yield from self._check(other, each, f"{way}.{name}")

    def _is(self, kinds: str | list[str], value: Any) -> bool:
        names = [kinds] if isinstance(kinds, str) else kinds
        if isinstance(value, bool):
            return "boolean" in names
        return any(isinstance(value, _TYPES[name]) for name in names)
