"""`crossdock mapping`: write a partner's file from samples, check it, see it whole, try it on a file of theirs."""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.mapping_file import load_named, mapping_path, read
from hub.cli.mapping_try import try_file
from hub.cli.session import FAILED, Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.composition import Hub
from hub.mapping import check as checking
from hub.mapping.guess.choice import DOCUMENTS
from hub.mapping.guess.new import Written, new_mapping
from hub.mapping.guess.renew import is_drawn_up, renewed
from hub.mapping.guess.sample import NoSample
from hub.mapping.guess.write import SCHEMA_NAME, Told, write_new
from hub.mapping.problem import MappingErrors
from hub.mapping.schema import written
from hub.services.directory import find_plugins

#: So much of a line is shown beside its question.
_SHOWN = 60


@click.group()
def mapping() -> None:
    """Write, check, show and try mapping files."""


@mapping.command()
@click.argument("name")
@click.option(
    "--from",
    "samples",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A sample file of theirs; may be given several times, once for each document.",
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Choice(list(DOCUMENTS)),
    help="What the sample is, in the order of the samples. [worked out]",
)
@click.option("--name", "title", default="", help="How people call the partner.")
@click.option("--url", default="", help="Where its files are: sftp://user@server/")
@click.option("--timezone", default="", help="Where its times are local, such as Europe/Berlin.")
@click.option("--currency", default="", help="Of its prices, such as EUR.")
@click.option("--force", is_flag=True, help="Write over the file that is there.")
@json_option
@pass_session
def new(
    session: Session,
    name: str,
    samples: tuple[Path, ...],
    documents: tuple[str, ...],
    title: str,
    url: str,
    timezone: str,
    currency: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write a partner's file from samples of what it sends, with a question mark at all that is not sure."""
    if documents and len(documents) != len(samples):
        raise click.UsageError("say --document once for each --from, or not at all")
    hub = Hub(session.config())
    try:
        pairs = list(zip(samples, documents or (None,) * len(samples), strict=True))
        told = Told(title, url, timezone, currency, hub.library.secrets(f"{name}_password") is not None)
        made = new_mapping(name, pairs, hub.library.folder, lambda path: read(hub, path), told=told, force=force)
        write_new(made.path.with_name(SCHEMA_NAME), written(hub.library.settings_models))
    except FileExistsError as error:
        raise Failure(f"{error} is there already; --force writes over it") from None
    except (NoSample, MappingErrors) as error:
        raise Failure(str(error)) from None
    finally:
        hub.close()
    _tell_new(made, as_json=as_json)


@mapping.command()
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of mapping files, with the settings of every connector that is installed."""
    del as_json  # it is JSON anyway
    click.echo(written({name: plugin.about.settings for name, plugin in find_plugins().items()}), nl=False)


def _tell_new(made: Written, *, as_json: bool) -> None:
    rows = [
        {
            "document": each.draft.choice.document,
            "field": line.left,
            "from": line.column,
            "sure": f"{min(round(line.mark), 99)} %",
            "look at": "; ".join(line.doubts),
        }
        for each in made.documents
        for line in each.draft.lines
    ]
    if as_json:
        print_json({"file": str(made.path), "questions": len(made.questions), "fields": rows})
        return
    print_rows(rows, ("document", "field", "from", "sure", "look at"), as_json=False, empty="")
    click.echo(f"\nwrote {made.path}: look at its {len(made.questions)} lines with `# ?`")
    asked = [{"line": number, "it says": f"{says[:_SHOWN]}", "?": what} for number, says, what in made.questions]
    print_rows(asked, ("line", "it says", "?"), as_json=False, empty="")


@mapping.command()
@click.argument("name", required=False)
@click.option("--accept", is_flag=True, help="Let the tests of the samples' first rows expect what comes out now.")
@json_option
@pass_session
def check(session: Session, name: str | None, accept: bool, as_json: bool) -> None:
    """Check one file or all of them, and run their embedded tests; every problem with its line."""
    hub = Hub(session.config())
    try:
        paths = [mapping_path(hub, name)] if name else sorted(hub.library.folder.glob("*.toml"))
        if not paths:
            raise NothingToDo(f"{hub.library.folder} holds no mapping file")
        reports = [_accepted(hub, path) if accept else _report(hub, path) for path in paths]
    finally:
        hub.close()
    if as_json:
        print_json(
            [
                {"file": str(each.path), "ok": each.ok, "tests": each.tests, "problems": _problems(each)}
                for each in reports
            ]
        )
    else:
        for each in reports:
            _tell_checked(each)
    if not all(each.ok for each in reports):
        raise SystemExit(FAILED)


def _tell_checked(report: checking.Report) -> None:
    problems = _problems(report)
    verdict = f"{len(problems)} problem(s)" if problems else f"ok, {report.tests} test(s)"
    click.echo("\n  ".join([f"{report.path}: {verdict}", *problems]))
    if any(map(is_drawn_up, report.failures)):
        click.echo(f"is what comes out now as it should be? then: crossdock mapping check {report.path.stem} --accept")


def _accepted(hub: Hub, path: Path) -> checking.Report:
    """Return the report after the drawn-up tests were written anew, where nothing else is wrong."""
    report = _report(hub, path)
    if report.file is None or not any(map(is_drawn_up, report.failures)):
        return report
    write_new(path, renewed(path.read_text("utf-8"), report.file, report.failures))
    return _report(hub, path)


def _report(hub: Hub, path: Path) -> checking.Report:
    library = hub.library
    models, secrets = library.settings_models, library.secrets
    return checking.check(path, house=library.house, settings_models=models, secrets=secrets)


def _problems(report: checking.Report) -> list[str]:
    return [str(each) for each in (*report.problems, *report.failures)]


@mapping.command()
@click.argument("name")
@click.option("--full", is_flag=True, help="Every setting, with the file and line it comes from.")
@json_option
@pass_session
def show(session: Session, name: str, full: bool, as_json: bool) -> None:
    """Show what a partner's file says, its template included."""
    hub = Hub(session.config())
    try:
        described = checking.describe(load_named(hub, name))
    finally:
        hub.close()
    if as_json:
        print_json(described)
        return
    click.echo(f"{described['partner']}: {described['connector']}, {described['file']}")
    print_rows(described["documents"], ("name", "direction", "kind", "files"), as_json=False, empty="no document")
    if full:
        print_rows(described["settings"], ("setting", "value", "origin"), as_json=False, empty="")


mapping.add_command(try_file)
