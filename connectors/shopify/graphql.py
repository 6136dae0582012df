"""Calls to a shop's GraphQL Admin API: paced by points instead of calls, and errors that come with HTTP 200."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.shopify.client import ShopClient
from hub.contract import (
    AccessDenied,
    ConnectorError,
    Context,
    Limiter,
    OutcomeUnknown,
    Pace,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.wire.http import Effect, Reply

Tree = Mapping[str, object]

#: The Standard plan's points; what the shop says of its throttle corrects them.
_PACE = Pace(per_second=100, burst=2000)
#: What a document is taken to cost before the shop has told: at all, and for each thing that it asks about.
_FIRST_GUESS, _GUESS_EACH = 50.0, 4.0
_NAME = re.compile(r"(?:query|mutation)\s+(\w+)")
_BUSY = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})


class GraphQL:
    """The GraphQL Admin API of one shop as this connection may use it."""

    def __init__(self, client: ShopClient, context: Context) -> None:
        self._client = client
        self._points: Limiter = context.limiter.part("graphql", _PACE)
        self._costs: dict[str, float] = {}

    def ask(self, document: str, variables: Tree, effect: Effect, *, each: int = 0) -> Tree:
        """Return the `data` of a document's answer; raises the contract's errors for whatever else comes.

        `each` is how many things a query asks about, where its cost grows with them.

        What a mutation says in its own `userErrors` is data, and the caller's business.
        """
        named = _NAME.search(document)
        name = named[1] if named else document
        body = {"query": document, "operationName": name, "variables": variables}
        cost = self._costs.get(name, _GUESS_EACH if each else _FIRST_GUESS) * max(each, 1)
        reply = self._client.graphql(body, effect, lambda: self._points.acquire(cost))
        tree = reply.json()
        answer: Tree = tree if isinstance(tree, dict) else {}
        self._learn(name, answer, max(each, 1))
        error = _verdict(name, answer, effect, reply)
        if error is not None:
            raise error
        return _mapping(answer.get("data"))

    def _learn(self, name: str, answer: Tree, each: int) -> None:
        """Take over what the shop says of its points, and what this document costs."""
        cost = _mapping(_mapping(answer.get("extensions")).get("cost"))
        status = _mapping(cost.get("throttleStatus"))
        requested, most, left = (
            _number(value)
            for value in (
                cost.get("requestedQueryCost"),
                status.get("maximumAvailable"),
                status.get("currentlyAvailable"),
            )
        )
        if requested:
            self._costs[name] = requested / each
        if most and left is not None:
            self._points.observe(most - left, most)


def _verdict(name: str, answer: Tree, effect: Effect, reply: Reply) -> ConnectorError | None:
    """Return the error that an answer means, None when it brought data."""
    errors = _errors(answer.get("errors"))
    if not errors:
        data = answer.get("data")
        # a mutation whose own field is null did nothing that anybody could tell
        told = isinstance(data, dict) and (effect is Effect.READ or None not in data.values())
        return None if told else _nothing(name, effect, reply)
    code = str(_mapping(errors[0].get("extensions")).get("code") or "")
    said = f"{name}: {'; '.join(str(each.get('message')) for each in errors[:5])}"
    if code == "THROTTLED":
        todo = "nothing, when it passes"
        return RateLimited(said, after=_wait(answer), todo=todo, code="graphql throttled")
    if code == "ACCESS_DENIED":
        todo = "grant the app the scope that it names, then install it again"
        return AccessDenied(said, todo=todo, extract=reply.text(), code="graphql access denied")
    if code in _BUSY:
        kind = OutcomeUnknown if effect is Effect.ONCE else TemporaryFailure
        return kind(said, extract=reply.text(), code=f"graphql {code.lower()}")
    return Rejected(said, todo="correct what it names", extract=reply.text(), code=f"graphql {code.lower()}".strip())


def _errors(listed: object) -> list[Tree]:
    """Return the errors of an answer; a gateway before the API may say but a word."""
    if isinstance(listed, str) and listed:
        return [{"message": listed}]
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _nothing(name: str, effect: Effect, reply: Reply) -> ConnectorError:
    kind = OutcomeUnknown if effect is Effect.ONCE else TemporaryFailure
    return kind(f"{name}: the answer has neither data nor errors", extract=reply.text(), code="graphql no data")


def _wait(answer: Tree) -> float:
    """Return after how many seconds there are points enough for the document."""
    cost = _mapping(_mapping(answer.get("extensions")).get("cost"))
    status = _mapping(cost.get("throttleStatus"))
    requested, left, rate = (
        _number(cost.get("requestedQueryCost")),
        _number(status.get("currentlyAvailable")),
        _number(status.get("restoreRate")),
    )
    if requested is None or left is None or not rate:
        return 2.0
    return max((requested - left) / rate, 0.1)


def _mapping(value: object) -> Tree:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None
