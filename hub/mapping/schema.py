"""The JSON Schema of a mapping file, made from the code that reads it: editors complete and check by it while typing.

It is a little laxer than `crossdock mapping check`, which is the judge: what a template adds, and whether a column or a
table exists, no schema can know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from hub.codec.delimited import ENCODINGS
from hub.mapping.canonical import meaning
from hub.mapping.document import DOCUMENT_SETTINGS, MAKES, TAKES
from hub.mapping.layout import FORMATS
from hub.mapping.rule import TYPES, VERBS
from hub.mapping.target import Shaped, Target, groups, shaped
from hub.model.document import Kind
from hub.model.node import Node
from hub.model.partner import Partner

Schema = dict[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_FLAG: Final[Schema] = {"type": "boolean"}
_TABLE: Final[Schema] = {"type": "object"}
_LOOKED_UP: Final = "^secret:."
#: What each setting of a document takes; one that is not here takes anything.
_SETTINGS: Final[Mapping[str, Schema]] = {
    "use": _FLAG | {"description": "false switches off what the template has"},
    "direction": {"enum": ["in", "out"], "description": "in: from the partner; out: to it"},
    "makes": {"enum": list(MAKES), "description": "what an inbound file becomes"},
    "takes": {"enum": list(TAKES), "description": "what an outbound file is made from"},
    "format": {"enum": list(FORMATS)},
    "files": _TEXT | {"description": "which files: a pattern inward, a name with {fields} outward"},
    "mode": {"enum": ["snapshot", "delta"], "description": "snapshot: what the file does not list is gone"},
    "hold_below": {"type": "number", "minimum": 0, "maximum": 1, "description": "a snapshot with fewer rows is held"},
    "skip_when": _TEXT | {"description": "a formula: rows for which it is true are passed over"},
    "decimal": _TEXT | {"maxLength": 1},
    "thousands": _TEXT | {"maxLength": 1},
    "trailing_sign": _FLAG | {"description": "12.50- is minus 12.50"},
    "delimiter": _TEXT | {"minLength": 1, "maxLength": 1},
    "quote": _TEXT | {"maxLength": 1},
    "line_end": {"enum": ["crlf", "lf"]},
    "encoding": {"anyOf": [{"enum": list(ENCODINGS)}, _TEXT]},
    "header": _FLAG | {"description": "false: the file has no header line"},
    "filled": _FLAG | {"description": "rows may be shorter than the header"},
    "preamble": {"anyOf": [{"const": "any"}, {"type": "integer", "minimum": 0}]},
    "footer": {"type": "integer", "minimum": 0},
    "sheet": _TEXT,
    "rows": _TEXT | {"description": "the path of the records of a tree; outward, a row for each line"},
    "each": _TABLE | {"additionalProperties": _TEXT, "description": "columns that each make a record"},
    "nest": _TEXTS,
    "ignore": _TEXTS,
    "namespaces": _TABLE | {"additionalProperties": _TEXT},
}
_FILE: Final[Schema] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file"],
    "properties": {"file": _TEXT, "theirs": _TEXT, "ours": _TEXT},
}
_VERBS: Final[Mapping[str, Schema]] = {
    "from": _TEXT | {"description": "a column or path inward, a field of the record outward"},
    "value": _SCALAR | {"description": "always the same"},
    "formula": _TEXT | {"maxLength": 500, "description": "worked out"},
    "type": {"enum": list(TYPES)},
    "format": _TEXT | {"description": "how a date is written, such as %d.%m.%Y"},
    "table": {"anyOf": [_TEXT, _FILE], "description": "the table of [tables], or the CSV file, to look it up in"},
    "prefer": {"anyOf": [_TEXT, _TEXTS]},
    "unit_from": _TEXT | {"description": "the column that holds the unit, looked up in [units]"},
    "default": _SCALAR,
    "optional": _FLAG | {"description": "the column may be missing from the file"},
    "min": {"type": "number"},
    "places": {"type": "integer", "minimum": 0, "maximum": 9},
    "pad": {"type": "integer", "minimum": 1, "maximum": 128},
    "decimal": _TEXT | {"maxLength": 1},
    "thousands": _TEXT | {"maxLength": 1},
    "trailing_sign": _FLAG,
}


def schema(connectors: Mapping[str, type[BaseModel]]) -> Schema:
    """Return the schema of a mapping file; the settings of `[connection]` are those of these connectors."""
    definitions: Schema = {}
    partner = _model(Partner, definitions, without=("nodes",))
    node = _model(Node, definitions, without=("code", "partner"), needed=())
    definitions["rule"] = _rule()
    definitions["test"] = _test()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Crossdock mapping file",
        "type": "object",
        "additionalProperties": False,
        "required": ["version"],
        "properties": {
            "version": {"const": 1},
            "extends": _TEXT | {"description": "the house template that this file is laid over"},
            "partner": partner,
            "nodes": _TABLE | {"additionalProperties": node},
            "connection": _connection(connectors, definitions),
            "tables": _TABLE | {"additionalProperties": _table()},
            "units": _TABLE | {"additionalProperties": {"type": "number", "exclusiveMinimum": 0}},
            "documents": _TABLE | {"additionalProperties": _document()},
        },
        "definitions": definitions,
    }


def written(connectors: Mapping[str, type[BaseModel]]) -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(connectors), indent=1, ensure_ascii=False) + "\n"


class _Generate(GenerateJsonSchema):
    """Pydantic's schemas with secrets as a mapping file writes them, and decimals as numbers."""

    def generate_inner(self, schema: Any) -> Schema:  # noqa: ANN401 - pydantic's own signature
        """Return the schema of a part."""
        made = super().generate_inner(schema)
        if made.get("format") == "password":
            return _TEXT | {"pattern": _LOOKED_UP, "description": "secret:NAME, looked up and never written here"}
        return made


def _model(
    model: type[BaseModel],
    definitions: Schema,
    *,
    without: Iterable[str] = (),
    needed: Iterable[str] | None = None,
    prefix: str = "",
) -> Schema:
    """Return the schema of a model as a table of a mapping file, its parts added to the definitions."""
    made = model.model_json_schema(
        ref_template=f"#/definitions/{prefix}{{model}}", schema_generator=_Generate, mode="validation"
    )
    definitions.update({f"{prefix}{name}": part for name, part in made.pop("$defs", {}).items()})
    for name, entry in made["properties"].items():
        if entry.get("type") == "array" and "items" in entry:  # one alone may stand without its brackets
            made["properties"][name] = {"anyOf": [entry["items"], entry]}
    for name in without:
        made["properties"].pop(name, None)
    required = made.pop("required", []) if needed is None else list(needed)
    if model is not Partner:  # a template may have what a partner's file leaves out
        made["required"] = [name for name in required if name not in set(without)]
    return made


def _connection(connectors: Mapping[str, type[BaseModel]], definitions: Schema) -> Schema:
    """Return what `[connection]` takes: a connector's name, and with it that connector's settings."""
    choices = []
    known: Schema = {}
    for name, model in sorted(connectors.items()):
        settings = _model(model, definitions, prefix=f"{name} ")
        settings.pop("required", None)
        known |= settings["properties"]
        settings["properties"] = {"connector": {"const": name}, **settings["properties"]}
        definitions[f"{name} connection"] = settings
        choices.append(
            {
                "if": {"required": ["connector"], "properties": {"connector": {"const": name}}},
                "then": {"$ref": f"#/definitions/{name} connection"},
            }
        )
    anything: Schema = {name: {} for name in known}
    return {
        "type": "object",
        "properties": {"connector": {"enum": sorted(connectors)}, **anything},
        "allOf": choices,
    }


def _table() -> Schema:
    """Return what a code table takes: their codes, or the file and the columns that hold them."""
    return {"type": "object", "additionalProperties": _SCALAR, "description": "theirs = ours"}


def _document() -> Schema:
    known = {name: dict(_SETTINGS.get(name, {})) for name in DOCUMENT_SETTINGS}
    known["fields"] = {"type": "object"}
    known["tests"] = {"type": "array", "items": {"$ref": "#/definitions/test"}}
    inward = [_when("makes", kind, _fields(shaped(kind))) for kind in MAKES]
    outward = [_when("takes", kind, {"type": "object", "additionalProperties": _outward()}) for kind in TAKES]
    return {"type": "object", "additionalProperties": False, "properties": known, "allOf": [*inward, *outward]}


def _when(key: str, kind: Kind, fields: Schema) -> Schema:
    return {
        "if": {"required": [key], "properties": {key: {"const": kind.value}}},
        "then": {"properties": {"fields": fields}},
    }


def _fields(form: Shaped) -> Schema:
    """Return the fields of an inbound document, flat (`"line.sku"`) and as TOML's dotted keys make tables of them."""
    flat: dict[str, Target] = {**form.fields}
    for name, target in form.line_fields.items():
        flat.setdefault(name, target)  # the prefix may be left out
        flat[f"{form.line}.{name}"] = target
    flat |= {f"record.{name}": target for name, target in form.fields.items()}
    properties: Schema = {}
    for name, target in flat.items():
        entry = _field(target)
        properties[name] = entry
        _put(properties, name.split("."), entry)
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _put(properties: Schema, way: list[str], entry: Schema) -> None:
    """Lay a dotted name into nested tables; a name that is a group and a field too (`tracking`) takes both."""
    for part in way[:-1]:
        table = properties.setdefault(part, {"type": "object", "additionalProperties": False, "properties": {}})
        if part not in groups() or "properties" not in table:
            return
        properties = table["properties"]
    properties.setdefault(way[-1], entry)


def _field(target: Target) -> Schema:
    words = meaning(target)
    return {"anyOf": [_TEXT, {"const": False}, {"$ref": "#/definitions/rule"}]} | (
        {"description": words} if words else {}
    )


def _outward() -> Schema:
    return {"anyOf": [_TEXT, {"const": False}, {"$ref": "#/definitions/rule"}, {"type": "object"}]}


def _rule() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {verb: dict(_VERBS.get(verb, {})) for verb in VERBS},
        "oneOf": [{"required": [maker]} for maker in ("from", "value", "formula")],
    }


def _test() -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": _TEXT,
            "given": {"type": ["string", "object"], "description": "the file inward, the record outward"},
            "expect": {"type": ["array", "string"], "description": "the records inward, the file outward"},
            "bad": {"type": "array", "items": _TABLE},
            "file": _TEXT | {"description": "the name of the file outward"},
        },
    }
