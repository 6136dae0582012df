"""The control API: what a demo, a test or a curious person asks the sandbox over HTTP."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping

from sandbox.moods import Mood
from sandbox.site import Site
from sandbox.web import Reply, Request, json_reply

Asked = Mapping[str, object]


class Control:
    """Answers `GET /state /calls /audit /bought` and `POST /moods /calm /orders /cancel /buy /amend /tamper /stock`...

    `/shut` and `/reopen` close and open a server.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._calls: Mapping[str, Callable[[Asked], object]] = {
            "GET /state": lambda _: site.state(),
            "GET /info": lambda _: site.info,
            "GET /audit": lambda _: site.audit(),
            "GET /calls": lambda asked: site.calls(_text(asked, "partner")),
            "POST /moods": self._mood,
            "POST /calm": self._calm,
            "POST /orders": self._place,
            "POST /cancel": self._cancel,
            "POST /buy": self._buy,
            "POST /amend": self._amend,
            "GET /bought": lambda _: site.bought(),
            "POST /tamper": lambda asked: {"po": site.tamper(_text(asked, "action") or "", _text(asked, "po"))},
            "POST /stock": self._stock,
            "POST /shut": lambda asked: self._door(site.shut, asked),
            "POST /reopen": lambda asked: self._door(site.reopen, asked),
        }

    async def handle(self, request: Request) -> Reply:
        """Serve one request."""
        call = self._calls.get(f"{request.method} {request.path}")
        if call is None:
            return json_reply(404, {"error": f"unknown; known: {', '.join(self._calls)}"})
        try:
            asked = json.loads(request.body) if request.body else dict(request.query)
            answer = call(asked)
            return json_reply(200, await answer if inspect.isawaitable(answer) else answer)
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            return json_reply(400, {"error": f"{type(wrong).__name__}: {wrong}"})

    def _mood(self, asked: Asked) -> object:
        known = {"partner", "mood", "for_calls", "share", "seed", "on", "seconds"}
        if unknown := set(asked) - known:
            raise ValueError(f"unknown: {sorted(unknown)}; known: {sorted(known)}")
        count = asked.get("for_calls")
        self._site.moods.cast(
            _text(asked, "partner") or "*",
            Mood(str(asked["mood"])),
            for_calls=None if count is None else int(str(count)),
            share=float(str(asked.get("share", 1.0))),
            seed=int(str(asked.get("seed", 0))),
            on=_text(asked, "on"),
            seconds=float(str(asked.get("seconds", 1.0))),
        )
        return {"moods": self._site.state()["moods"]}

    def _calm(self, asked: Asked) -> object:
        self._site.moods.calm(_text(asked, "partner") or "*")
        return {"moods": self._site.state()["moods"]}

    def _place(self, asked: Asked) -> object:
        lines = asked.get("lines")
        if isinstance(lines, dict):
            return {"orders": [str(self._site.place_lines({str(sku): int(lines[sku]) for sku in lines}).id)]}
        return {"orders": [str(order.id) for order in self._site.place(int(str(asked.get("n", 1))))]}

    def _cancel(self, asked: Asked) -> object:
        self._site.cancel(int(str(asked["order"])))
        return {}

    def _buy(self, asked: Asked) -> object:
        lines = asked["lines"]
        if not isinstance(lines, dict):
            raise TypeError("lines are quantities by SKU")
        return {"order": self._site.buy({str(sku): int(lines[sku]) for sku in lines})}

    def _amend(self, asked: Asked) -> object:
        self._site.amend(str(asked["order"]), str(asked["item"]), int(str(asked["quantity"])))
        return {}

    async def _door(self, turn: Callable[[str], Awaitable[None]], asked: Asked) -> object:
        await turn(str(asked["door"]))
        return {}

    def _stock(self, asked: Asked) -> object:
        robot = self._site.robots[str(asked["partner"])]
        robot.set_stock(str(asked["sku"]), int(str(asked["quantity"])))
        return {}


def _text(asked: Asked, name: str) -> str | None:
    value = asked.get(name)
    return None if value is None else str(value)
