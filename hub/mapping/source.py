"""A mapping file as text: read, laid over the house template that it extends, every key with the place it came from."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from hub.mapping.located import Path as Way
from hub.mapping.located import Spot, locate
from hub.mapping.problem import MappingErrors, Problem, did_you_mean, nearest
from hub.mapping.syntax import WrongLine, wrong_lines
from hub.mapping.target import groups

_LARGEST: Final = 1 << 20
_DEEPEST: Final = 3
_MAKERS: Final = frozenset({"from", "value", "formula"})


@dataclass(slots=True)
class Source:
    """The merged content of a mapping file; `spots` says for every key in which file and where it stands."""

    file: str
    data: dict[str, Any]
    spots: dict[Way, tuple[str, Spot]]
    hash: str
    template: Path | None = None
    problems: list[Problem] = field(default_factory=list)
    references: dict[str, Any] = field(default_factory=dict)  # tables in files of their own, by what they are called
    reads: tuple[Path, ...] = ()  # those files

    def report(self, way: Way, message: str, *, value: bool = False, shift: int = 0) -> None:
        """Note a problem at a key (or at its value, `shift` columns on), or at the nearest table around it."""
        file, spot = self.find(way)
        line, column = (spot.value_line, spot.value_column) if value or shift else (spot.line, spot.column)
        self.problems.append(Problem(file, line, column + shift, message))

    def find(self, way: Way) -> tuple[str, Spot]:
        """Return the file and the place of a key, or of the nearest table around it."""
        for length in range(len(way), 0, -1):
            if way[:length] in self.spots:
                return self.spots[way[:length]]
        return self.file, Spot(1, 1, 1, 1)


def read_source(path: Path, house: Path) -> Source:
    """Read a mapping file and lay it over its template; raises MappingErrors when that is not even possible."""
    return _finished(_laid_over_templates(_read(path), path, house, 0))


def _laid_over_templates(own: Source, path: Path, house: Path, depth: int) -> Source:
    """Return a file over its template, which may extend another one in turn."""
    if "extends" not in own.data:
        return own
    own = replace(own, problems=list(own.problems))  # a template is read once for many files and stays as it is
    if depth == _DEEPEST:
        own.report(("extends",), f"templates extend each other more than {_DEEPEST} deep, or in a circle")
        raise MappingErrors(own.problems)
    template = _template(own, path, house)
    status = template.stat()
    base = _laid_over_templates(_read_template(template, status.st_mtime_ns, status.st_size), path, house, depth + 1)
    laid = _laid_over(base, own, template)
    laid.reads = base.reads if base.template is None else (*base.reads, base.template)
    return laid


@lru_cache(maxsize=64)
def _read_template(path: Path, _written: int, _size: int) -> Source:
    """Read a template once for all the files that extend it; it is never changed, only laid under."""
    return _read(path)


def _read(path: Path) -> Source:
    file = str(path)
    try:
        content = path.read_bytes()
        text = _decoded(file, content)
        data = tomllib.loads(text, parse_float=Decimal)
        spots = {way: (file, spot) for way, spot in locate(text).items()}
    except OSError as error:
        raise _broken(file, f"cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        wrong = wrong_lines(text) or [WrongLine(content.count(b"\n") + 1, 1, str(error))]
        problems = [Problem(file, each.line, each.column, f"not valid TOML: {each.message}") for each in wrong]
        raise MappingErrors(problems) from None
    source = Source(file, data, spots, hashlib.sha256(content).hexdigest())
    _flatten_fields(source)
    return source


def _decoded(file: str, content: bytes) -> str:
    if len(content) > _LARGEST:
        raise _broken(file, f"the file has {len(content)} bytes; a mapping file has at most {_LARGEST}")
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise _broken(
            file, f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8", line, column
        ) from None


def _broken(file: str, message: str, line: int = 1, column: int = 1) -> MappingErrors:
    return MappingErrors([Problem(file, line, column, message)])


def _template(own: Source, path: Path, house: Path) -> Path:
    """Return the template's file: from the folder beside the mapping file, or from the house.

    One that is not there is a problem; with the one that was probably meant, all the others are found as well.
    """
    name = own.data["extends"]
    folders = [path.parent / "templates", house / "templates"]
    known = {file.stem: file for folder in reversed(folders) for file in sorted(folder.glob("*.toml"))}
    if not isinstance(name, str) or name not in known:
        own.report(("extends",), f"template {name!r} is unknown{did_you_mean(str(name), known)}", value=True)
        meant = nearest(str(name), known)
        if meant is None:
            raise MappingErrors(own.problems)
        return known[meant]
    return known[name]


def _laid_over(base: Source, own: Source, template: Path) -> Source:
    """Return the partner's file over its template; the template's tests hold for the template as it is, and stay."""
    replaced: set[Way] = set()
    data = _merged(_without_tests(base.data), own.data, (), replaced)
    kept = {way: spot for way, spot in base.spots.items() if not _below(way, replaced)}
    whole = hashlib.sha256(f"{own.hash}+{base.hash}".encode()).hexdigest()
    return Source(own.file, data, {**kept, **own.spots}, whole, template, [*base.problems, *own.problems])


def _without_tests(data: Mapping[str, Any]) -> dict[str, Any]:
    documents = {
        name: {key: value for key, value in document.items() if key != "tests"}
        for name, document in _tables(data.get("documents")).items()
        if isinstance(document, dict)
    }
    return {**data, "documents": documents} if documents else dict(data)


def _merged(base: Mapping[str, Any], own: Mapping[str, Any], way: Way, replaced: set[Way]) -> dict[str, Any]:
    """Lay tables over each other key by key; what makes a field is replaced whole."""
    result = dict(base)
    for key, value in own.items():
        here = (*way, key)
        old = base.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not _is_rule(here):
            result[key] = _merged(old, value, here, replaced)
        else:
            result[key] = value
            replaced.add(here)
    return result


def _below(way: Way, replaced: set[Way]) -> bool:
    return any(way[:length] in replaced for length in range(1, len(way) + 1))


def _is_rule(way: Way) -> bool:
    return len(way) == 4 and way[0] == "documents" and way[2] == "fields"


def _tables(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _flatten_fields(source: Source) -> None:
    """Write `line.sku` and `ship_to.city` as one name, so that a rule stands one level below `fields` everywhere."""
    for name, document in _tables(source.data.get("documents")).items():
        fields = _tables(_tables(document).get("fields"))
        for group in [key for key, value in fields.items() if key in groups() and isinstance(value, dict)]:
            if not _MAKERS & fields[group].keys():
                _flatten(source, ("documents", name, "fields"), fields, group)


def _flatten(source: Source, way: Way, fields: dict[str, Any], group: str) -> None:
    inner = fields.pop(group)
    for key, value in inner.items():
        flat = f"{group}.{key}"
        fields[flat] = value
        old = (*way, group, key)
        for each in [each for each in source.spots if each[: len(old)] == old]:
            source.spots[(*way, flat, *each[len(old) :])] = source.spots.pop(each)
        if key in groups() and isinstance(value, dict) and not _MAKERS & value.keys():
            _flatten(source, way, fields, flat)


def _finished(source: Source) -> Source:
    """Leave out what the partner's file switched off: `use = false` documents, `= false` fields."""
    documents = {}
    for name, document in _tables(source.data.get("documents")).items():
        if isinstance(document, dict) and document.get("use") is False:
            continue
        documents[name] = _with_fields(document)
    if documents or isinstance(source.data.get("documents"), dict):
        source.data = {**source.data, "documents": documents}
    return source


def _with_fields(document: object) -> object:
    fields = _tables(_tables(document).get("fields"))
    if not isinstance(document, dict) or not any(rule is False for rule in fields.values()):
        return document
    return {**document, "fields": {key: rule for key, rule in fields.items() if rule is not False}}
