"""Writing a message from plain values and the schema's shapes: every name checked, every order the schema's.

A value is text, a bool, an int, a Decimal, an aware datetime, a mapping (a type's fields and attributes), a list, or a
`Node` (a mapping of another type than the declared one). None is left out. An int or text for a field that refers to a
record is that record's internal id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from connectors.netsuite.auth import ALGORITHM, Passport
from connectors.netsuite.schema import Field, Schema, Shape

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
#: Characters that XML 1.0 cannot hold.
_UNHOLDABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = "RecordRef"


@dataclass(frozen=True, slots=True)
class Node:
    """A value whose type is said: a record, or one of several kinds of field."""

    type: str
    fields: Mapping[str, object] = field(default_factory=dict)


class UnknownName(ValueError):
    """This endpoint's schema has no such field."""


def envelope(
    schema: Schema,
    operation: str,
    body: Mapping[str, object],
    passport: Passport | None,
    headers: Mapping[str, Mapping[str, object]],
) -> bytes:
    """Return a whole request; a header that the operation does not take is left out."""
    call = schema.operation(operation)
    writer = _Writer(schema)
    parts = [] if passport is None else [writer.passport(passport)]
    for name, fields in headers.items():
        if name in call.headers:
            shape = schema.shape(name[0].upper() + name[1:])
            parts.append(writer.element(name, schema.messages, shape, fields))
    inner = writer.element(operation, call.namespace, schema.shape(call.type), body)
    spaces = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in writer.prefixes.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<e:Envelope xmlns:e="{_ENVELOPE}" xmlns:i="{_INSTANCE}"{spaces}>'
        f"<e:Header>{''.join(parts)}</e:Header><e:Body>{inner}</e:Body></e:Envelope>"
    ).encode()


class _Step(NamedTuple):
    """One field of a type: its name, its tag in this message, its shape, and whether it is no more than text."""

    name: str
    tag: str
    shape: Shape
    plain: bool


class _Plan(NamedTuple):
    """How values with certain names are written: attributes with what stands before them, fields in schema order."""

    attributes: tuple[tuple[str, str], ...]
    steps: tuple[_Step, ...]


class _Writer:
    """Writes elements and gives each namespace that it meets a prefix."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.prefixes: dict[str, str] = {}
        self._plans: dict[tuple[str, str, tuple[str, ...]], _Plan] = {}

    def passport(self, passport: Passport) -> str:
        """Return the header that signs a request; the order is the schema's."""
        rows = {
            "account": passport.account,
            "consumerKey": passport.consumer_key,
            "token": passport.token,
            "nonce": passport.nonce,
            "timestamp": str(passport.timestamp),
        }
        core, messages = self._prefix(self._schema.core), self._prefix(self._schema.messages)
        inner = "".join(f"<{core}:{name}>{escape(value)}</{core}:{name}>" for name, value in rows.items())
        signed = f'<{core}:signature algorithm="{ALGORITHM}">{passport.signature}</{core}:signature>'
        return f"<{messages}:tokenPassport>{inner}{signed}</{messages}:tokenPassport>"

    def element(self, name: str, namespace: str, shape: Shape, value: object) -> str:
        """Return one element with everything in it."""
        return self._element(f"{self._prefix(namespace)}:{name}", shape, value)

    def _element(self, tag: str, shape: Shape, value: object) -> str:
        kind = ""
        if isinstance(value, Node):
            shape, value = self._schema.shape(value.type), value.fields
            kind = f' i:type="{self._prefix(shape.namespace)}:{shape.name}"'
        if shape.name == _REFERENCE and isinstance(value, str | int) and not isinstance(value, bool):
            value = {"internalId": str(value)}
        if not isinstance(value, Mapping):
            return f"<{tag}{kind}>{escape(scalar(value, tag))}</{tag}>"
        plan = self._plan(shape, tuple(value))
        attributes = "".join(
            f"{before}{quoteattr(scalar(value[name], name))}"
            for name, before in plan.attributes
            if value[name] is not None
        )
        inner = "".join(self._field(step, value[step.name]) for step in plan.steps)
        return f"<{tag}{kind}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{kind}{attributes}/>"

    def _field(self, step: _Step, value: object) -> str:
        if value is None:
            return ""
        if type(value) is str and step.plain:  # most fields are, and need none of what follows
            text = value if value.isalnum() and value.isascii() else escape(scalar(value, step.name))
            return f"<{step.tag}>{text}</{step.tag}>"
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "".join(self._element(step.tag, step.shape, each) for each in value)
        return self._element(step.tag, step.shape, value)

    def _plan(self, shape: Shape, names: tuple[str, ...]) -> _Plan:
        """Return how values of these names are written, made once a message: records of one kind are much alike."""
        found = self._plans.get((shape.namespace, shape.name, names))
        if found is None:
            found = self._plans[shape.namespace, shape.name, names] = self._planned(shape, set(names))
        return found

    def _planned(self, shape: Shape, names: set[str]) -> _Plan:
        unknown = sorted(names - shape.attributes - shape.fields.keys())
        if unknown:
            raise UnknownName(f"{shape.name} has no {', '.join(unknown)} at this endpoint")
        attributes = tuple((each, f" {each}=") for each in sorted(shape.attributes & names))
        return _Plan(attributes, tuple(self._step(name, form) for name, form in shape.fields.items() if name in names))

    def _step(self, name: str, form: Field) -> _Step:
        plain = not form.type[0].isupper()
        shape = _SIMPLE if plain else self._schema.shape(form.type)
        return _Step(name, f"{self._prefix(form.namespace)}:{name}", shape, plain)

    def _prefix(self, namespace: str) -> str:
        return self.prefixes.setdefault(namespace, f"n{len(self.prefixes)}")


_SIMPLE = Shape("", "", frozenset(), {}, simple=True)


def scalar(value: object, name: str = "") -> str:
    """Return a value as XML text: decimals without exponent, times with their zone, no forbidden characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{name}: {value} is no number that can be sent")
        return f"{value:f}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: {value} has no time zone")
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, str | int):
        text = str(value)
        return text if text.isprintable() and text.isascii() else _UNHOLDABLE.sub(" ", text)
    raise TypeError(f"{name}: a {type(value).__name__} cannot be sent")
