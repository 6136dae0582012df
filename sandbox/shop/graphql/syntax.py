"""Reads GraphQL documents: operations, fields, arguments, directives, inline fragments; no named fragments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>\.\.\.|[!$():=@\[\]{}|&])""",
    re.VERBOSE,
)
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}


class BadDocument(Exception):
    """The text is no GraphQL document that this shop can read."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The name of a variable where a value is wanted."""

    name: str


@dataclass(slots=True)
class Field:
    """A field that is asked for; `on` is the type of the inline fragment that it stands in, empty for none."""

    name: str
    alias: str
    arguments: dict[str, object] = field(default_factory=dict)
    directives: dict[str, dict[str, object]] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)
    on: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A query or a mutation, with what its variables are when they are not given."""

    kind: str
    name: str
    defaults: Mapping[str, object]
    fields: list[Field]


def read(text: str) -> list[Operation]:
    """Return the operations of a document; raises BadDocument."""
    reader = _Reader(list(_tokens(text)))
    found = []
    while not reader.at_end:
        found.append(reader.operation())
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadDocument(f"Parse error on {text[at : at + 10]!r} at character {at}")
        at = match.end()
        if match.lastgroup and match.lastgroup != "skip":
            yield match.lastgroup, match[0]


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def operation(self) -> Operation:
        if self._sees("{"):
            return Operation("query", "", {}, self._fields(""))
        kind = self._name()
        if kind not in ("query", "mutation"):
            raise BadDocument(f"Parse error on {kind!r}: a query or a mutation was expected")
        name = "" if self._sees("(") or self._sees("{") else self._name()
        defaults = dict(self._variables()) if self._takes("(") else {}
        return Operation(kind, name, defaults, self._fields(""))

    def _variables(self) -> Iterator[tuple[str, object]]:
        while not self._takes(")"):
            self._must("$")
            name = self._name()
            self._must(":")
            self._type()
            if self._takes("="):
                yield name, self._value()

    def _type(self) -> None:
        if self._takes("["):
            self._type()
            self._must("]")
        else:
            self._name()
        self._takes("!")

    def _fields(self, on: str) -> list[Field]:
        self._must("{")
        found: list[Field] = []
        while not self._takes("}"):
            if self._takes("..."):
                if self._name() != "on":
                    raise BadDocument("Parse error: only inline fragments are known")
                found += self._fields(self._name())
            else:
                found.append(self._field(on))
        return found

    def _field(self, on: str) -> Field:
        alias = name = self._name()
        if self._takes(":"):
            name = self._name()
        made = Field(name, alias, on=on)
        made.arguments = self._arguments()
        while self._takes("@"):
            directive = self._name()
            made.directives[directive] = self._arguments()
        if self._sees("{"):
            made.fields = self._fields("")
        return made

    def _arguments(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._takes("("):
            while not self._takes(")"):
                name = self._name()
                self._must(":")
                found[name] = self._value()
        return found

    def _value(self) -> object:
        if self._takes("$"):
            return Variable(self._name())
        if self._takes("["):
            items = []
            while not self._takes("]"):
                items.append(self._value())
            return items
        if self._takes("{"):
            tree: dict[str, object] = {}
            while not self._takes("}"):
                name = self._name()
                self._must(":")
                tree[name] = self._value()
            return tree
        kind, text = self._next()
        if kind in ("text", "number"):
            return json.loads(text)
        if kind == "name":
            return _WORDS.get(text, text)
        raise BadDocument(f"Parse error on {text!r}: a value was expected")

    def _next(self) -> tuple[str, str]:
        if self.at_end:
            raise BadDocument("Parse error: the document ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise BadDocument(f"Parse error on {text!r}: a name was expected")
        return text

    def _sees(self, mark: str) -> bool:
        return not self.at_end and self._tokens[self._at] == ("mark", mark)

    def _takes(self, mark: str) -> bool:
        found = self._sees(mark)
        self._at += found
        return found

    def _must(self, mark: str) -> None:
        if not self._takes(mark):
            found = "the end" if self.at_end else repr(self._tokens[self._at][1])
            raise BadDocument(f"Parse error on {found}: {mark!r} was expected")


def filled(value: object, variables: Mapping[str, object]) -> object:
    """Return a value with its variables put in."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: filled(each, variables) for name, each in value.items()}
    return value
