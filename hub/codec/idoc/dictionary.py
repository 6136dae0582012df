"""What segments are made of and how they nest: a dictionary as data, ours and what partners' exports add to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

KINDS: Final = ("date", "time", "number", "code")
_FIELD: Final = re.compile(rf"(\S+) ([1-9]\d{{0,3}})(?: ({'|'.join(KINDS)}))?(?:: (.+))?")
_PLACE: Final = re.compile(r"(\S+) (\d{1,9})-(\d{0,10})(?: level (\d{1,2}))?")
_RELEASE: Final = 3
_FAMILY: Final = re.compile(r"(.*?)\d{2}")


class DictionaryRefused(ValueError):
    """A dictionary file that cannot be read; says where and why."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a segment: `offset` from the beginning of the data, `width` in characters, `kind` one of KINDS."""

    name: str
    offset: int
    width: int
    kind: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        """Return it as the dictionary's file writes it."""
        kind = f" {self.kind}" if self.kind else ""
        return f"{self.name} {self.width}{kind}{f': {self.meaning}' if self.meaning else ''}"


def fields_of(lines: Iterable[str]) -> tuple[Field, ...]:
    """Return the fields that lines such as "DATUM 8 date: date" say, one behind the other; raises DictionaryRefused."""
    found: list[Field] = []
    offset = 0
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise DictionaryRefused(f'{line!r} is no field; write it as "NAME width kind: meaning"')
        found.append(Field(match[1], offset, int(match[2]), match[3] or "", match[4] or ""))
        offset += int(match[2])
    return tuple(found)


@dataclass(frozen=True)
class Layout:
    """A segment: its name in XML, its name in flat files with the newest release, its fields in their order.

    `older` is the width of the data in older releases, which are beginnings of the newest one.
    """

    name: str
    external: str
    fields: tuple[Field, ...] = ()
    older: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def width(self) -> int:
        """The width of the data, in characters."""
        return sum(each.width for each in self.fields)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in their order."""
        return tuple(each.name for each in self.fields)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by their names."""
        return {each.name: each for each in self.fields}

    def width_of(self, release: str) -> int:
        """Return the width of the data in a release; what is not known is as wide as the newest one."""
        return self.older.get(release, self.width)


def cutter(fields: Sequence[Field], start: int) -> Callable[[str], tuple[str, ...]]:
    """Return what cuts these fields out of a record, in which the first one's segment begins at `start`."""
    slices = [slice(start + each.offset, start + each.offset + each.width) for each in fields]
    if not slices:
        return lambda _: ()
    if len(slices) == 1:
        return lambda record: (record[slices[0]],)
    return itemgetter(*slices)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment may stand in a type: below `parent` ("" at the top), `least` to `most` times (0: as often).

    `level` is its HLEVEL (0: its depth).
    """

    name: str
    parent: str
    rank: int
    least: int = 0
    most: int = 0
    level: int = 0


@dataclass(frozen=True)
class Tree:
    """The segments of a type in their order; `name` is the type's."""

    name: str
    places: tuple[Place, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Place, ...]]:
        """The places of each segment."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            found.setdefault(place.name, []).append(place)
        return {name: tuple(places) for name, places in found.items()}

    @cached_property
    def nested(self) -> frozenset[str]:
        """The segments that never stand at the top."""
        return frozenset(name for name, places in self.by_name.items() if all(place.parent for place in places))

    @cached_property
    def below(self) -> Mapping[tuple[str, str], Place]:
        """A place by the segment above it and its own name."""
        return {(place.parent, place.name): place for place in self.places}


NO_TREE: Final = Tree("")


@dataclass(frozen=True)
class Dictionary:
    """Segments by their XML names, and trees by their types."""

    segments: Mapping[str, Layout] = field(default_factory=dict)
    trees: Mapping[str, Tree] = field(default_factory=dict)

    def named(self, external: str) -> str:
        """Return the XML name of a flat file's segment name; what is not known keeps its own, as XML writes it.

        The three digits at the end are a release only when the rest is known (E2EDK02 has none).
        """
        for plain in (external[:-_RELEASE] if external[-_RELEASE:].isdigit() else "", external):
            name = xml_name(plain)
            for known in (f"{name[:1]}1{name[2:]}" if name[1:2] == "2" else name, name):
                if known and known in self.segments:
                    return known
        return xml_name(external)

    def external(self, name: str) -> str:
        """Return the name in flat files of a segment; what is not known is guessed by SAP's custom."""
        layout = self.segments.get(name)
        if layout is not None:
            return layout.external
        plain = flat_name(name)
        return f"{plain[0]}2{plain[2:]}000" if plain[1:2] == "1" and plain[:1] in ("E", "Z", "Y") else plain

    def tree(self, basic_type: str, message_type: str = "", extension: str = "") -> Tree:
        """Return the tree of a type, or the nearest one of its family (ORDERS01: ORDERS05), or one without places.

        An extension that is known goes before the type that it extends.
        """
        known = self.trees.get(extension) or self.trees.get(basic_type)
        if known is not None:
            return known
        family = _FAMILY.fullmatch(basic_type)
        stem = family[1] if family else basic_type or _STEMS.get(message_type, message_type)
        alike = [name for name in self.trees if stem and name[:-2] == stem]
        return self.trees[max(alike)] if alike else NO_TREE

    def fitting(self, names: Iterable[str]) -> Tree:
        """Return the tree that knows most of these segments; for IDocs that do not say what they are."""
        wanted = set(names)
        best = max(self.trees.values(), key=lambda tree: len(wanted & tree.by_name.keys()), default=NO_TREE)
        return best if wanted & best.by_name.keys() else NO_TREE

    def with_added(self, other: Dictionary) -> Dictionary:
        """Return both; what the other says goes first."""
        return Dictionary({**self.segments, **other.segments}, {**self.trees, **other.trees})

    def lines(self) -> Iterator[str]:
        """Yield the lines of a file that `read_dictionary` reads."""
        for tree in self.trees.values():
            paths: dict[str, str] = {}
            yield f"[types.{_key(tree.name)}]"
            yield "segments = ["
            for place in tree.places:
                paths[place.name] = f"{paths[place.parent]}/{place.name}" if place.parent else place.name
                level = f" level {place.level}" if place.level else ""
                yield f'    "{paths[place.name]} {place.least}-{place.most or ""}{level}",'
            yield "]\n"
        for layout in self.segments.values():
            yield f"[segments.{_key(layout.name)}]"
            yield f"external = {_quoted(layout.external)}"
            if layout.older:
                yield f"older = {{ {', '.join(f'{_key(key)} = {width}' for key, width in layout.older.items())} }}"
            yield "fields = ["
            yield from (f"    {_quoted(str(each))}," for each in layout.fields)
            yield "]\n"


#: Which type a message is of when the control record does not say.
_STEMS: Final = MappingProxyType(
    dict.fromkeys(("ORDERS", "ORDCHG", "ORDRSP"), "ORDERS")
    | dict.fromkeys(("DESADV", "SHPORD", "SHPCON", "WHSORD", "WHSCON", "SHPMNT"), "DELVRY")
    | {"STATUS": "SYSTAT"}
)


def xml_name(name: str) -> str:
    """Return a name as XML has it: `/` of a namespace is `_-`."""
    return name.replace("/", "_-")


def flat_name(name: str) -> str:
    """Return a name as flat files have it."""
    return name.replace("_-", "/")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    clean = "".join(mark if mark.isprintable() else " " for mark in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_dictionary(text: str) -> Dictionary:
    """Return the dictionary that a TOML file holds; raises DictionaryRefused with the segment that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DictionaryRefused(f"the dictionary is no TOML: {error}") from None
    return dictionary_of(data)


def dictionary_of(data: Mapping[str, Any]) -> Dictionary:
    """Return the dictionary that such tables hold; raises DictionaryRefused."""
    segments = {name: _layout(name, each) for name, each in _tables(data, "segments")}
    trees = {name: Tree(name, tuple(_places(name, each))) for name, each in _tables(data, "types")}
    return Dictionary(segments, trees)


def _tables(data: Mapping[str, Any], key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = data.get(key, {})
    if not isinstance(found, dict):
        raise DictionaryRefused(f"{key} must be tables, such as [{key}.E1EDK01]")
    for name, each in found.items():
        if not isinstance(each, dict):
            raise DictionaryRefused(f"{key}.{name} must be a table")
        yield name, each


def _layout(name: str, data: Mapping[str, Any]) -> Layout:
    external, older = data.get("external", name), data.get("older", {})
    lines = data.get("fields", [])
    if not isinstance(external, str) or not isinstance(lines, list) or not isinstance(older, dict):
        raise DictionaryRefused(f"segments.{name} needs an external name and a list of fields")
    try:
        return Layout(name, external, fields_of(map(str, lines)), {key: int(width) for key, width in older.items()})
    except (TypeError, ValueError) as error:
        raise DictionaryRefused(f"segments.{name}: {error}") from None


def _places(name: str, data: Mapping[str, Any]) -> Iterator[Place]:
    lines = data.get("segments", [])
    for rank, line in enumerate(lines if isinstance(lines, list) else [lines]):
        match = _PLACE.fullmatch(str(line))
        if match is None:
            raise DictionaryRefused(f'types.{name}: {line!r} is no place; write it as "E1EDP01/E1EDP20 0-9999 level 3"')
        parent, _, own = match[1].rpartition("/")
        yield Place(own, parent.rpartition("/")[2], rank, int(match[2]), int(match[3] or 0), int(match[4] or 0))


@lru_cache(maxsize=1)
def standard() -> Dictionary:
    """Return the dictionary that comes with the hub."""
    return read_dictionary((files("hub.codec.idoc") / "data" / "segments.toml").read_text("utf-8"))
