"""`crossdock edi`: look at an interchange, and at the acknowledgement that it deserves."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hub.clock import SystemClock

#: Read at a time; a mailbag of any size takes no more memory than its largest transaction set.
_CHUNK = 1 << 16
#: A control number for what is only looked at; what is sent takes the connection's own counters.
_EXAMPLE = 1
FAILED, NOTHING = 1, 3

_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def edi() -> None:
    """Look at X12 interchanges."""


@edi.command()
@_file
@click.option("--brief", is_flag=True, help="One line for each segment, without the names of its elements.")
@_as_json
def show(file: Path, *, brief: bool, as_json: bool) -> None:
    """Print FILE as an indented, named tree, with !! before errors, ! before warnings and . before notes.

    Exit code 1 when FILE holds no interchange.
    """
    from hub.codec.x12.show import show as lines  # noqa: PLC0415 - `--help` does without the grammar

    if as_json:
        found = list(_verdicts(file))
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        raise SystemExit(0 if found else FAILED)
    is_x12 = False
    for line in lines(_chunks(file), brief=brief):
        is_x12 = is_x12 or line.startswith("ISA ")
        click.echo(line)
    raise SystemExit(0 if is_x12 else FAILED)


@edi.command()
@_file
@click.option("--form", type=click.Choice(["997", "999"]), default="997", show_default=True, help="Which of the two.")
@_as_json
def ack(file: Path, form: str, *, as_json: bool) -> None:
    """Print the acknowledgement that FILE deserves; exit code 3 when it deserves none."""
    from hub.codec.x12.acknowledge import acknowledge  # noqa: PLC0415 - as above
    from hub.codec.x12.check import StandardCheck  # noqa: PLC0415
    from hub.codec.x12.reader import read  # noqa: PLC0415
    from hub.codec.x12.verdict import judge  # noqa: PLC0415
    from hub.codec.x12.writer import CannotWrite, Policy, write  # noqa: PLC0415

    texts: list[str] = []
    for number, verdict in enumerate(judge(read(_chunks(file)), StandardCheck()), _EXAMPLE):
        try:
            answer = acknowledge(verdict, SystemClock().now(), number, number, form=form)
            texts += [write(answer, policy=Policy.REPLACE).decode()] if answer is not None else []
        except CannotWrite as error:
            click.echo(f"interchange {verdict.interchange.control} cannot be answered: {error}", err=True)
            raise SystemExit(FAILED) from None
    if as_json:
        click.echo(json.dumps({"acknowledgements": texts}, indent=2, ensure_ascii=False))
    if not texts:
        click.echo("nothing to acknowledge", err=True)
        raise SystemExit(NOTHING)
    if not as_json:
        sys.stdout.write("".join(text if text.endswith("\n") else f"{text}\n" for text in texts))


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _verdicts(file: Path) -> Iterator[dict[str, object]]:
    from hub.codec.x12.check import StandardCheck  # noqa: PLC0415 - as above
    from hub.codec.x12.fault import Fault  # noqa: PLC0415
    from hub.codec.x12.reader import read  # noqa: PLC0415
    from hub.codec.x12.verdict import judge  # noqa: PLC0415

    def told(faults: list[Fault]) -> list[dict[str, object]]:
        return [
            {
                "fault": fault.code.name.lower(),
                "severity": fault.severity.name.lower(),
                "place": fault.place,
                "offset": fault.offset,
                "value": fault.value,
                "words": fault.message or fault.code.words,
            }
            for fault in faults
        ]

    for verdict in judge(read(_chunks(file)), StandardCheck()):
        interchange = verdict.interchange
        yield {
            "interchange": interchange.control,
            "sender": "/".join(interchange.sender),
            "receiver": "/".join(interchange.receiver),
            "usage": interchange.usage,
            "status": verdict.status.value,
            "faults": told(verdict.faults),
            "groups": [
                {
                    "group": group.group.control,
                    "functional_id": group.group.functional_id,
                    "version": group.group.version,
                    "status": group.status.value,
                    "faults": told(group.faults),
                    "sets": [
                        {
                            "set": " ".join(each.header[1:3]),
                            "status": each.status.value,
                            "faults": told(each.faults),
                        }
                        for each in group.sets
                    ],
                }
                for group in verdict.groups
            ],
        }
