"""`crossdock check`: everything that can be known to be wrong before the daemon starts."""

from __future__ import annotations

import click

from hub.cli.session import Failure, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.composition import Hub
from hub.mapping.problem import MappingErrors
from hub.policy.library import checked_policy
from hub.services.syncing.schedules import ScheduleError, jobs_of, load_schedules


@click.command()
@json_option
@pass_session
def check(session: Session, as_json: bool) -> None:
    """Check the configuration, the schedules, the routing files and every mapping file; touches no partner."""
    problems: list[str] = []
    config = session.config()
    hub = Hub(config)
    try:
        changes = hub.look()
        for broken in changes.broken:
            problems.extend(str(problem) for problem in broken.problems)
        tests = _routing(hub, problems)
        flows = _flows(hub, problems)
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
