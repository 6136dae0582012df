"""`crossdock mapping try`: what each record of a file would become, and what a changed mapping file would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import click
from rich.text import Text

from hub.cli.mapping_file import load_named
from hub.cli.session import FAILED, Failure, NothingToDo, Session, pass_session
from hub.cli.show import cell, console, json_option, new_table, print_json, print_rows
from hub.composition import Hub
from hub.contract import BadRecord
from hub.mapping.beside import Beside, Part, side_by_side
from hub.mapping.partner_file import PartnerFile
from hub.mapping.problem import did_you_mean
from hub.services.attention import what_if

_FAILED = "!!"


@click.command(name="try")
@click.argument("name")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--document", help="Which of its documents. [the one whose `files` the name of FILE fits]")
@click.option("--against", type=click.Choice(["last"]), help="What it would change, tried on the last original.")
@click.option("--rows", default=10, show_default=True, help="How many good records to show; what failed always is.")
@json_option
@pass_session
def try_file(
    session: Session, name: str, file: Path | None, document: str | None, against: str | None, rows: int, as_json: bool
) -> None:
    """Show what each record of FILE would become, or what this version would change; nothing is kept.

    NAME may be the path of a file that is not in force, such as a draft.
    """
    if (file is None) is (against is None):
        raise click.UsageError("name a FILE to try, or say --against last")
    if file is None:
        with session.hub(partners=True) as hub:
            partner_file = load_named(hub, name)
            _against_last(hub, partner_file, _chosen(partner_file, document), as_json=as_json)
        return
    unopened = Hub(session.config())
    try:
        partner_file = load_named(unopened, name)
    finally:
        unopened.close()
    chosen = _chosen(partner_file, document, file.name)
    tried = side_by_side(partner_file.documents.inward[chosen], file.read_bytes())
    if (_print_json(tried) if as_json else _print(tried, rows)) > 0:
        raise SystemExit(FAILED)


def _chosen(file: PartnerFile, document: str | None, name: str = "") -> str:
    inbound = tuple(file.documents.inward)
    if document is not None and document not in inbound:
        known = ", ".join(inbound) or "none is inbound"
        raise click.UsageError(
            f"no document {document!r} comes in{did_you_mean(document, inbound)}; there are: {known}"
        )
    fitting = [each for each in inbound if fnmatch(name, PurePosixPath(file.documents.declared(each).files).name)]
    chosen = document or next((found[0] for found in (inbound, fitting) if len(found) == 1), None)
    if chosen is None:
        raise click.UsageError(f"say --document, one of: {', '.join(inbound) or 'none is inbound'}")
    return chosen


# --- side by side -----------------------------------------------------------------------------------------------------


def _print_json(tried: Iterable[Beside]) -> int:
    rows = [_as_json(each) for each in tried]
    print_json(rows)
    return sum(1 for row in rows if row["problem"])


def _as_json(each: Beside) -> dict[str, Any]:
    bad = isinstance(each.result, BadRecord)
    becomes = None if isinstance(each.result, BadRecord) else each.result.model_dump(mode="json", exclude_defaults=True)
    fields = [asdict(part) for part in each.parts]
    return {"raw": each.raw, "becomes": becomes, "problem": each.problem, "fields": fields, "ok": not bad}


def _print(tried: Iterable[Beside], most: int) -> int:
    """Print a table with a section for each record; return how many failed."""
    table = new_table(("record", "", "field", "theirs", "from", "becomes"))
    good = failed = 0
    for number, each in enumerate(tried, 1):
        if each.problem:
            failed += 1
        else:
            good += 1
        if each.problem or good <= most:
            for cells in _section(number, each):
                table.add_row(*cells)
            table.add_row()
    if not good + failed:
        click.echo("the file holds no record")
        return 0
    console().print(table)
    click.echo(f"{good} good{f', {good - most} of them not shown' if good > most else ''}; {failed} would be parked")
    return failed


def _section(number: int, each: Beside) -> Iterator[tuple[Text | str, ...]]:
    shown = [part for part in each.parts if part.theirs or part.problem or part.source == ""]
    for place, part in enumerate(shown):
        yield (str(number) if place == 0 else "", *_line(part))
    if each.problem and not any(part.problem for part in shown):
        yield (str(number) if not shown else "", Text(_FAILED, "bold red"), "", each.raw[:60], "", each.problem)


def _line(part: Part) -> tuple[Text | str, ...]:
    if part.problem:
        return Text(_FAILED, "bold red"), Text(part.field, "red"), part.theirs, part.source, Text(part.problem, "red")
    return "", part.field, part.theirs, part.source, cell(part.ours)


# --- against the last original ----------------------------------------------------------------------------------------


def _against_last(hub: Hub, file: PartnerFile, document: str, *, as_json: bool) -> None:
    code = file.partner.code
    with hub.store.read() as tx:
        original = what_if.last_original(tx, code, document)
    if original is None:
        raise NothingToDo(f"no {document} of {code} has come yet; try it on a file of theirs instead")
    spec = next(each for each in file.documents.documents() if each.name == document)
    results = list(file.documents.inward[document].parse(original.content))
    bad = [each for each in results if isinstance(each, BadRecord)]
    found = what_if.changes(hub.desk, file.partner, spec, original.message, results)
    rows = [asdict(each) for each in found]
    if as_json:
        told = {"original": original.message.name, "records": len(results), "parked": [each.what for each in bad]}
        print_json({**told, "changes": rows})
    else:
        print_rows(rows, ("about", "name", "was", "becomes"), as_json=False, empty="nothing would change")
        click.echo(f"{original.message.name}: {len(results)} records, {len(rows)} changes, {len(bad)} would be parked")
        for each in bad[:20]:
            click.echo(f"{_FAILED} {each.record} {each.field}: {each.what}")
    if bad and not rows and len(bad) == len(results):
        raise Failure("not one record of the last original can be read")
