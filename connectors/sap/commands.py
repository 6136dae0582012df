"""`crossdock idoc`: look at IDocs, and learn a partner's own segments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hub.codec.idoc.dictionary import Dictionary
    from hub.codec.idoc.fault import Fault

#: Read at a time; a file of any size takes no more memory than its largest IDoc.
_CHUNK = 1 << 16
FAILED = 1

_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_encoding = click.option(
    "--encoding", default="", help="Code page of a flat file: 1100, latin-1 ...; UTF-8 if not said."
)
_dictionary = click.option(
    "--dictionary",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `idoc learn` wrote: the partner's own segments.",
)


@click.group()
def idoc() -> None:
    """Look at SAP's IDocs, flat or as XML."""


@idoc.command()
@_file
@_dictionary
@_encoding
@click.option("--brief", is_flag=True, help="One line for each segment, without the names of its fields.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(file: Path, *, dictionary: Path | None, encoding: str, brief: bool, as_json: bool) -> None:
    """Print FILE as an indented, named tree, with !! before errors, ! before warnings and . before notes.

    A file that holds no IDoc fails, and what it looks to be is said.
    """
    from hub.codec.idoc.model import Idoc  # noqa: PLC0415 - `--help` does without the dictionary
    from hub.codec.idoc.reader import read  # noqa: PLC0415
    from hub.codec.idoc.show import lines_of  # noqa: PLC0415

    words, page = _words(dictionary), _page(encoding)
    if as_json:
        found = list(_told(file, words, page))
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        raise SystemExit(0 if any("number" in each for each in found) else FAILED)
    read_any = False
    for event in read(_chunks(file), dictionary=words, encoding=page):
        read_any = read_any or isinstance(event, Idoc)
        for line in lines_of(event, words, brief=brief):
            click.echo(line)
    raise SystemExit(0 if read_any else FAILED)


@idoc.command()
@_file
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to the screen.")
@click.option("--encoding", default="utf-8", show_default=True, help="Code page of the export.")
@click.option("--json", "as_json", is_flag=True, help="Print what was learned of as JSON.")
def learn(file: Path, *, out: Path | None, encoding: str, as_json: bool) -> None:
    """Print what FILE, a parser file that transaction WE60 exported, says of segments: a dictionary for `idoc show`."""
    from hub.codec.idoc.dictionary import DictionaryRefused  # noqa: PLC0415 - as above
    from hub.codec.idoc.learn import learn as learned  # noqa: PLC0415

    try:
        found = learned(file.read_text(_page(encoding), "replace").splitlines())
    except DictionaryRefused as error:
        raise click.ClickException(f"{file}: {error}") from None
    text = "\n".join(found.lines()) + "\n"
    if out is not None:
        out.write_text(text, "utf-8")
    if as_json:
        learned_of = {"types": sorted(found.trees), "segments": sorted(found.segments), "dictionary": text}
        click.echo(json.dumps(learned_of, indent=2))
        return
    if out is None:
        click.echo(text, nl=False)
        return
    types = ", ".join(found.trees) or "no type"
    click.echo(f"{out}: {types} with {len(found.segments)} segment{'' if len(found.segments) == 1 else 's'}")


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _words(file: Path | None) -> Dictionary:
    from hub.codec.idoc.dictionary import DictionaryRefused, read_dictionary, standard  # noqa: PLC0415 - as above

    if file is None:
        return standard()
    try:
        return standard().with_added(read_dictionary(file.read_text("utf-8")))
    except (DictionaryRefused, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from None


def _page(encoding: str) -> str:
    from hub.codec.idoc.records import code_page  # noqa: PLC0415 - as above

    try:
        return code_page(encoding) if encoding else ""
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _told(file: Path, words: Dictionary, encoding: str) -> Iterator[dict[str, object]]:
    from hub.codec.idoc.check import check  # noqa: PLC0415 - as above
    from hub.codec.idoc.model import Idoc  # noqa: PLC0415
    from hub.codec.idoc.reader import read  # noqa: PLC0415

    for event in read(_chunks(file), dictionary=words, encoding=encoding):
        if not isinstance(event, Idoc):
            yield {"faults": [_fault(event)]}
            continue
        yield {
            "number": event.number,
            "message_type": event.message_type,
            "basic_type": event.basic_type,
            "control": event.control,
            "segments": [
                {"name": each.name, "depth": each.depth, "line": each.line, "fields": each.values}
                for each in event.segments
            ],
            "faults": [_fault(fault) for fault in (*event.faults, *check(event, words))],
        }


def _fault(fault: Fault) -> dict[str, object]:
    return {
        "fault": fault.code.name.lower(),
        "severity": fault.severity.name.lower(),
        "segment": fault.segment,
        "name": fault.name,
        "field": fault.field,
        "line": fault.line,
        "offset": fault.offset,
        "value": fault.value,
        "words": fault.message or fault.code.words,
    }
