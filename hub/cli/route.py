"""`crossdock route`: test the routing files, and replay history by new ones before they come into force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from hub.cli.params import Moment
from hub.cli.route_olist import questions
from hub.cli.route_report import report as page
from hub.cli.route_view import show
from hub.cli.session import FAILED, Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.config import Config
from hub.mapping.problem import MappingErrors
from hub.mapping.problem import Problem as Fault
from hub.model.order import SalesOrder
from hub.policy.case import run_case
from hub.policy.policy import Policy
from hub.policy.read import read_policy, routing_files
from hub.routing.problem import Problem
from hub.services.sourcing.history import judge_of, of_store, with_policy
from hub.services.sourcing.replay import first_time
from hub.services.sourcing.simulation import simulate as simulate_rules
from hub.services.sourcing.workflows import asked_of
from sandbox.olist import HistoryError


@click.group()
def route() -> None:
    """Test routing rules, and replay history by them."""


@route.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_session
def test(session: Session, files: tuple[Path, ...], as_json: bool) -> None:
    """Check the routing files (all that are in force, or those named) and run the tests that stand in them."""
    config = session.config()
    chosen = files or files_of(config)
    if not chosen:
        raise NothingToDo("there is no routing file: write routing.toml beside the configuration")
    problems, tests = _tried(chosen, config)
    if as_json:
        print_json(
            {"files": [str(each) for each in chosen], "tests": tests, "problems": [str(each) for each in problems]}
        )
    else:
        for problem in problems:
            click.echo(problem)
        verdict = f"{len(problems)} problem(s)" if problems else "ok"
        click.echo(f"{len(chosen)} file(s), {tests} test(s): {verdict}")
    if problems:
        raise SystemExit(FAILED)


def files_of(config: Config) -> tuple[Path, ...]:
    """Return the routing files that a configuration names, in the order in which they count."""
    return routing_files(config.path(Path("routing.toml")), config.path(config.folders.routing))


def _tried(files: tuple[Path, ...], config: Config) -> tuple[list[Fault], int]:
    """Return what is wrong with the files, and how many tests were run."""
    try:
        read = read_policy(files, config.routing)
    except MappingErrors as error:
        return list(error.problems), 0
    failures = [run_case(case, read.policy) for case in read.cases]
    return [each for each in failures if each is not None], len(read.cases)


# --- replay -----------------------------------------------------------------------------------------------------------


@route.command()
@click.option("--from", "since", type=Moment(), help="Orders decided from then on. [30 days ago]")
@click.option("--to", "until", type=Moment(), help="Up to then. [now]")
@click.option(
    "--rules",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The new routing file; may be given several times. [those in force]",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Replay a folder of Olist CSV files; how it was is how the rules in force route it.",
)
@click.option("--orders", type=click.IntRange(1), help="So many orders of --history. [all]")
@click.option("--seed", default=7, show_default=True, help="Places the stock of --history.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write a page of HTML with charts here."
)
@click.option("--most", default=20, show_default=True, type=click.IntRange(0), help="Orders to list.")
@json_option
@pass_session
def simulate(
    session: Session,
    since: str | None,
    until: str | None,
    files: tuple[Path, ...],
    history: Path | None,
    orders: int | None,
    seed: int,
    report: Path | None,
    most: int,
    as_json: bool,
) -> None:
    """Decide history again by new rules, and compare cost, parcels, splits, promised dates and sources.

    What was decided is asked again from its frozen inputs by the same engine; nothing of the hub changes.
    """
    with session.hub() as hub:
        desk = with_policy(hub.desk, _policy(files_of(hub.config), hub.config))
        policy = _policy(files or files_of(hub.config), hub.config)
        if history is not None:
            currency, questioned = _questions(history, orders, seed)
            desk = replace(desk, currency=currency)
            asked = ((asked_of(desk, order), problem) for order, problem in questioned)
            past, told = first_time(asked, judge_of(desk)), f"{history.name} from its first order on"
        else:
            start, end = _span(since, until, desk.clock.now())
            past, told = of_store(desk, start, end), f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        found, checked = simulate_rules(desk, policy, past)
    if not found.rows:
        raise NothingToDo(f"nothing was routed in {told}")
    names = ", ".join(path.name for path in files) or "the rules in force"
    told = f"{len(found.rows):,} orders, {told}, by {names}. {checked.words}"
    if report is not None:
        _write(report, page(found, "What the new rules would change", told))
    if as_json:
        again = {"same_again": checked.same, "decided": checked.asked}
        print_json(found.as_json() | again | {"report": str(report) if report else None})
        return
    show(found, told, most)
    if report is not None:
        click.echo(f"wrote {report}")


def _questions(folder: Path, orders: int | None, seed: int) -> tuple[str, Iterator[tuple[SalesOrder, Problem]]]:
    try:
        return questions(folder, orders, seed)
    except (HistoryError, OSError) as error:
        raise Failure(str(error)) from None


def _write(report: Path, text: str) -> None:
    try:
        report.write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"cannot write {report}: {error.strerror}") from None


def _span(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    end = datetime.fromisoformat(until) if until else now
    return datetime.fromisoformat(since) if since else end - timedelta(days=30), end


def _policy(files: tuple[Path, ...], config: Config) -> Policy:
    try:
        return read_policy(files, config.routing).policy
    except MappingErrors as error:
        raise Failure(f"the routing files cannot be used:\n{error}") from None
