"""`python -m hub.services.sourcing.simulate_apart`: a wish comes in pickled at standard input, its result goes out.

For a caller that has other things to do meanwhile. Each line at standard output is JSON: `{"decided": n}` now and then,
and `{"found": ...}` at the end. When nobody reads them any more, the next one ends this program.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from hub.services.desk import Desk
from hub.services.sourcing.history import of_store
from hub.services.sourcing.replay import Past
from hub.services.sourcing.simulation import Wish, World, policy_of, simulate

#: How far this gives way to the program that started it: nobody waits for it but the one who asked.
_GIVES_WAY = 15
_TOLD_EVERY = 50
#: So many orders that change are told one by one.
SHOWN = 200


def main() -> None:
    """Simulate what is wished for."""
    os.nice(_GIVES_WAY)
    wish, world = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the program that started this one
    _tell({"found": found(wish, world)})


def found(wish: Wish, world: World) -> dict[str, Any]:
    """Return the comparison as plain values; `whole` is false where there was more history than `most` routings."""
    desk = world.desk()
    try:
        return _found(wish, desk)
    finally:
        desk.store.close()


def _found(wish: Wish, desk: Desk) -> dict[str, Any]:
    history = of_store(desk, wish.since, wish.until)
    compared, again = simulate(desk, policy_of(wish.files, desk.rules), _counted(islice(history, wish.most)))
    whole = again.asked < wish.most or next(history, None) is None
    return compared.as_json(SHOWN) | {"decided": again.asked, "same_again": again.same, "whole": whole}


def _counted(history: Iterable[Past]) -> Iterator[Past]:
    for number, past in enumerate(history):
        if number % _TOLD_EVERY == 0:
            _tell({"decided": number})
        yield past


def _tell(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
