"""`crossdock check`: everything that can be known to be wrong before the daemon starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from hub import secret_names
from hub.cli.session import Failure, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.cli.trouble import in_words
from hub.composition import Hub
from hub.mapping.problem import MappingErrors
from hub.policy.library import checked_policy
from hub.services.syncing.schedules import ScheduleError, jobs_of, load_schedules
from hub.store import migrate
from hub.store.errors import StoreBusy
from hub.store.migrate import SchemaTooNew


@click.command()
@json_option
@pass_session
def check(session: Session, as_json: bool) -> None:
    """Check configuration, schedules, routing files, mapping files and the database; touches no partner."""
    problems: list[str] = []
    config = session.config()
    hub = Hub(config)
    try:
        changes = hub.look()
        for broken in changes.broken:
            problems.extend(str(problem) for problem in broken.problems)
        tests = _routing(hub, problems)
        flows = _flows(hub, problems)
        problems.extend(_named_in_vain(hub, session.config_path))
        problems.extend(_database(hub))
    finally:
        hub.close()
    if as_json:
        print_json(
            {"partners": sorted(hub.directory.entries), "flows": flows, "routing_tests": tests, "problems": problems}
        )
    else:
        click.echo(f"{len(hub.directory.entries)} partner(s), {flows} scheduled flow(s), {tests} routing test(s)")
    if problems:
        raise Failure(f"{len(problems)} problem(s):\n" + "\n".join(problems))


def _routing(hub: Hub, problems: list[str]) -> int:
    """Check the routing files and run the tests in them; returns how many tests there are."""
    try:
        return len(checked_policy(hub.policy_files.files(), hub.config.routing).cases)
    except MappingErrors as error:
        problems.extend(str(problem) for problem in error.problems)
        return 0


def _flows(hub: Hub, problems: list[str]) -> int:
    try:
        schedules = load_schedules(hub.config.path(hub.config.folders.schedules))
    except ScheduleError as error:
        problems.extend(error.problems)
        return 0
    return sum(len(job.documents) for job in jobs_of(schedules, hub.directory))


def _named_in_vain(hub: Hub, path: Path) -> Iterator[str]:
    """Yield the secrets and partners that the configuration names and that are nowhere."""
    folder = hub.config.path(hub.config.folders.secrets)
    for name in secret_names.named([path]):
        if not secret_names.place(name, folder):
            yield f"{path}: secret {name!r} is nowhere: `crossdock secret set {name}`"
    for rule in hub.config.alerts.rules:
        if rule.partner and rule.partner not in hub.directory.entries:
            yield f"{path}: the alert rule {rule.name!r} is about {rule.partner}, and there is no such partner"


def _database(hub: Hub) -> Iterator[str]:
    """Yield why the database cannot be used; one that is not there yet is made at the start."""
    if hub.store.file is not None and not hub.store.file.exists():
        return
    try:
        migrate.pending(hub.store)
    except (SchemaTooNew, StoreBusy, SQLAlchemyError) as error:
        yield in_words(error) or str(error)
