"""`crossdock run`: the daemon."""

from __future__ import annotations

import click

from hub.cli.session import Failure, Session, pass_session
from hub.composition import Hub
from hub.daemon import serve
from hub.instance import AlreadyRunning
from hub.killpoint import checkpoint_from
from hub.log import set_up
from hub.services.schedules import ScheduleError


@click.command()
@pass_session
def run(session: Session) -> None:
    """Serve: read partners on schedule, send what has to go out; SIGTERM or Ctrl-C drains and ends."""
    config = session.config()
    set_up(config.hub.log, config.hub.level)
    hub = Hub(config, checkpoint=checkpoint_from())
    try:
        serve(hub, lambda port: click.echo(f"serving on http://{config.web.host}:{port}/health"))
    except AlreadyRunning as error:
        raise Failure(str(error)) from None
    except ScheduleError as error:
        raise Failure(f"the schedules cannot be used:\n{error}") from None
    except OSError as error:
        raise Failure(str(error)) from None
