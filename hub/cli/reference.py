"""Writes the reference pages that are read off the program itself: commands, settings, connectors, metrics, routing.

Run `python -m hub.cli.reference` (or `make docs`) after any of them has changed; a test sees that nobody forgot.
"""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final

import click
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from hub.cli.main import main as program
from hub.cli.routing_reference import routing_files
from hub.config import Config
from hub.services.directory import find_plugins
from hub.web.metrics import FAMILIES

FOLDER: Final = Path("docs/reference")
_HEAD: Final = "<!-- written by `make docs`; change the program instead -->\n"


def pages() -> Mapping[str, str]:
    """Return every generated page by its file name."""
    makers: Mapping[str, Callable[[], Iterator[str]]] = {
        "commands.md": commands,
        "settings.md": settings,
        "connectors.md": connectors,
        "metrics.md": metrics,
        "routing-files.md": routing_files,
    }
    return {name: _HEAD + "\n".join(make()).rstrip() + "\n" for name, make in makers.items()}


# --- commands --------------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Yield the lines of the page on the command line."""
    yield "# Commands"
    yield "Every listing speaks `--json`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing to do."
    for path, command in _walk("crossdock", program):
        yield from ("", f"## {path}", _words(command.help or command.short_help or ""))
        rows = [row for each in command.params if (row := _parameter(each)) is not None]
        if rows:
            yield from ("", *_table(("given", "means"), rows))


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _walk(f"{path} {name}", found)


def _parameter(each: click.Parameter) -> tuple[str, str] | None:
    if isinstance(each, click.Argument):
        name = each.human_readable_name
        return f"`{name if each.required else f'[{name}]'}{'...' if each.nargs == -1 else ''}`", ""
    if not isinstance(each, click.Option) or each.hidden:
        return None
    given = ", ".join(f"`{name}`" for name in each.opts)
    wants = "" if each.is_flag else _wanted(each.type)
    shown = each.show_default and each.default not in (None, (), False)
    default = f" Default: {each.default}." if shown and not callable(each.default) else ""
    return f"{given}{wants}", (each.help or "") + default


def _wanted(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, click.Choice):
        return " one of " + ", ".join(f"`{each}`" for each in kind.choices)
    return f" {kind.name.upper()}"


# --- settings --------------------------------------------------------------------------------------------------------


def settings() -> Iterator[str]:
    """Yield the lines of the page on the configuration file."""
    yield "# Settings"
    yield "All of `crossdock.toml`. `CROSSDOCK__SECTION__KEY` in the environment goes before the file."
    yield from _model(Config, "")


def connectors() -> Iterator[str]:
    """Yield the lines of the page on the `[connection]` table of mapping files."""
    yield "# Connectors and their settings"
    yield "What stands under `[connection]` of a mapping file, for each kind of connector of the hub's own."
    for name, plugin in sorted(find_plugins().items()):
        if type(plugin).__module__.startswith("connectors."):
            about = plugin.about
            reads, writes = (", ".join(sorted(each)) or "nothing" for each in (about.reads, about.writes))
            yield from ("", f"## {name}", f"Reads {reads}; writes {writes}.")
            yield from _fields(about.settings, "")


def _model(model: type[BaseModel], path: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        inner, many = _inner(field.annotation)
        if inner is not None:
            where = f"{path}.{name}" if path else name
            yield from ("", f"## [[{where}]]" if many else f"## [{where}]")
            words = inspect.getdoc(inner) or ""
            words = words.partition(": ")[2] if words.startswith("[") else words
            yield _words(words[:1].upper() + words[1:])
            yield from _fields(inner, where)
            yield from _model(inner, where)


def _fields(model: type[BaseModel], _path: str) -> Iterator[str]:
    plain = [(name, each) for name, each in model.model_fields.items() if _inner(each.annotation)[0] is None]
    rows = [(f"`{name}`", _type(each.annotation), _default(each), each.description or "") for name, each in plain]
    if rows:
        yield from ("", *_table(("setting", "value", "default", "means"), rows))


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:  # noqa: ANN401 - a type as pydantic holds it
    """Return the table that a setting is, and whether there may be many of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for each in typing.get_args(annotation):
        found = _inner(each)[0]
        if found is not None:
            return found, typing.get_origin(annotation) not in (typing.Union, UnionType)
    return None, False


_NAMES: Final[Mapping[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


def _type(annotation: Any) -> str:  # noqa: ANN401 - a type as pydantic holds it
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin in (typing.Union, UnionType):
        return " or ".join(_type(each) for each in parts if each is not NoneType)
    if origin in (tuple, list, set, frozenset):
        return f"list of {_type(parts[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "table"
    values = parts if origin is typing.Literal else ()
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        values = tuple(each.value for each in annotation)
    named = _NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())
    return " or ".join(f"`{each}`" for each in values) or named


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or (not isinstance(value, bool | int | float) and not value and value != timedelta()):
        return ""
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, bool):
        return str(value).lower()
    many = sorted(map(_plain, value)) if isinstance(value, frozenset | set | tuple) else [_plain(value)]
    return ", ".join(f"`{each}`" for each in many)


def _plain(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def metrics() -> Iterator[str]:
    """Yield the lines of the page on metrics."""
    yield "# Metrics"
    yield "What `/metrics` tells Prometheus. `deploy/grafana.json` is a dashboard for it."
    rows = [(f"`{name}`", ", ".join(labels), words) for name, (words, labels) in FAMILIES.items()]
    yield from ("", *_table(("metric", "labels", "means"), rows))


# --- how it is written -----------------------------------------------------------------------------------------------


def _words(text: str) -> str:
    return re.sub(r"[ \t]+", " ", inspect.cleandoc(text)).replace("<", "\\<")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace('<', chr(92) + '<') for cell in row)} |"


def main(folder: Path) -> None:
    """Write the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")
        sys.stdout.write(f"wrote {folder / name}\n")


if __name__ == "__main__":
    main(FOLDER)
