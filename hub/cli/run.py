"""`crossdock run`: the daemon."""

from __future__ import annotations

import json
import os

import click

from hub.cli.session import Failure, Session, pass_session
from hub.composition import Hub
from hub.config import load_config
from hub.daemon import serve
from hub.instance import AlreadyRunning
from hub.killpoint import checkpoint_from
from hub.log import set_up
from hub.mapping.problem import MappingErrors
from hub.memory import keep_few_heaps
from hub.services.syncing.schedules import ScheduleError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the address as one line of JSON.")
@pass_session
def run(session: Session, as_json: bool) -> None:
    """Serve: read partners on schedule, send what has to go out; SIGTERM or Ctrl-C drains and ends.

    SIGHUP reads configuration, schedules and mapping files again; what is broken leaves the last good in force.
    """
    keep_few_heaps()
    config = session.config()
    set_up(config.hub.log, config.hub.level)
    hub = Hub(config, checkpoint=checkpoint_from())
    try:
        announce = f"http://{config.web.host}"
        serve(
            hub,
            lambda port: _announce(f"{announce}:{port}", as_json=as_json),
            lambda: load_config(session.config_path),
        )
    except AlreadyRunning as error:
        raise Failure(str(error)) from None
    except ScheduleError as error:
        raise Failure(f"the schedules cannot be used:\n{error}") from None
    except MappingErrors as error:
        raise Failure(f"the routing files cannot be used:\n{error}") from None
    except OSError as error:
        raise Failure(str(error)) from None


def _announce(address: str, *, as_json: bool) -> None:
    """Say where we serve, as soon as we do."""
    said = {"serving": address, "health": f"{address}/health", "process": os.getpid()}
    click.echo(json.dumps(said) if as_json else f"serving on {said['health']}")
