"""What partners tell us by calling: proven, kept, answered; then what it announces is read.

A call is a knock on the door and no more. It may be late, come twice, overtake another or be lost: what counts is what
is read afterwards, under the flow's own guards.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from hub.contract import Hears, Knock, Plugin, Profile
from hub.services.desk import Desk
from hub.store import messages


def ear(profile: Profile, plugins: Mapping[str, Plugin]) -> Hears | None:
    """Return the plugin that understands calls of this partner, None when its kind of connector takes none."""
    fitting = (each for each in plugins.values() if each.about.settings is type(profile.settings))
    return next((each for each in fitting if isinstance(each, Hears)), None)


def keep(desk: Desk, connection: str, knock: Knock, body: bytes) -> bool:
    """Make a call durable; returns whether it is news. Raises what the store raises: then it must not be answered.

    The same event may come over several subscriptions with bodies that differ; the first one is kept.
    """

    def write(tx: Connection) -> bool:
        if messages.by_key(tx, connection, knock.document, knock.key) is not None:
            return False
        received = messages.receive(
            tx,
            connection=connection,
            document=knock.document,
            key=knock.key,
            name=knock.name,
            content=body,
            now=desk.clock.now(),
        )
        return received.fresh

    return desk.store.transact(write)
