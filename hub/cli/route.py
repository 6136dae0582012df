"""`crossdock route`: test the routing files, and replay history by new ones before they come into force."""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.session import FAILED, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.config import Config
from hub.mapping.problem import MappingErrors, Problem
from hub.policy.case import run_case
from hub.policy.read import read_policy, routing_files


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


def _tried(files: tuple[Path, ...], config: Config) -> tuple[list[Problem], int]:
    """Return what is wrong with the files, and how many tests were run."""
    try:
        read = read_policy(files, config.routing)
    except MappingErrors as error:
        return list(error.problems), 0
    failures = [run_case(case, read.policy) for case in read.cases]
    return [each for each in failures if each is not None], len(read.cases)
