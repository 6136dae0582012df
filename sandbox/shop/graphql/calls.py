"""The one GraphQL endpoint: what a document costs, whether there are points for it, and its answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from sandbox.options import Bucket
from sandbox.shop.bucket import LeakyBucket
from sandbox.shop.graphql import parts, stock
from sandbox.shop.graphql.bulk import BulkQueries
from sandbox.shop.graphql.syntax import BadDocument, Field, Operation, filled, read
from sandbox.shop.query import body, mapping
from sandbox.shop.shop import Shop
from sandbox.web import Reply, Request, json_reply

Document = dict[str, object]
_MUTATION_COST = 10
_MOST_COST = 1000
#: Mutations that must carry `@idempotent(key:)`.
_KEYED = frozenset({"inventorySetQuantities", "inventoryActivate"})


class Denied(Exception):
    """The whole document is refused; the code is what the API says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class GraphQLCalls:
    """The GraphQL side of one shop."""

    def __init__(self, shop: Shop, size: Bucket, bucket: LeakyBucket, bulk: BulkQueries) -> None:
        self._shop, self._size, self._bucket, self._bulk = shop, size, bucket, bulk
        self._done: dict[str, tuple[str, object]] = {}  # by idempotency key: what was asked, and the answer

    def serve(self, request: Request) -> Reply:
        """Answer one document; errors come with status 200 too."""
        asked = body(request)
        given = asked.get("variables")
        try:
            operation = _chosen(read(str(asked.get("query") or "")), asked.get("operationName"))
            variables = {**operation.defaults, **(mapping(given, "variables") if given else {})}
            cost = _cost(operation, variables)
        except BadDocument as bad:
            return json_reply(200, {"errors": [{"message": str(bad), "extensions": {"code": "undefinedField"}}]})
        except Denied as denied:
            return json_reply(200, _denied(denied))
        if not self._bucket.pour(cost):
            throttled = _denied(Denied("THROTTLED", "Throttled"))
            return json_reply(200, throttled | self._extensions(cost, None))
        return json_reply(200, self._answer(operation, variables) | self._extensions(cost, cost))

    def _answer(self, operation: Operation, variables: Mapping[str, object]) -> Document:
        data: Document = {}
        for field in operation.fields:
            try:
                found = self._root(operation, field, _arguments(field.arguments, variables), variables)
            except Denied as denied:
                return {"data": None} | _denied(denied)
            data[field.alias] = _project(found, field, variables)
        return {"data": data}

    def _root(
        self, operation: Operation, field: Field, arguments: Mapping[str, object], variables: Mapping[str, object]
    ) -> object:
        known = self._mutations() if operation.kind == "mutation" else self._queries()
        work = known.get(field.name)
        if work is None:
            raise Denied("undefinedField", f"Field '{field.name}' doesn't exist on type '{operation.kind.title()}'")
        return self._once(field, arguments, variables, lambda: work(arguments))

    def _queries(self) -> Mapping[str, Callable[[Mapping[str, object]], object]]:
        return {
            "nodes": lambda given: [self._node(each) for each in _listed(given.get("ids"))],
            "node": lambda given: self._node(given.get("id")),
            "order": lambda given: parts.order_node(self._shop, given.get("id")),
            "fulfillmentOrders": lambda given: parts.listed(self._shop, given),
            "bulkOperations": self._bulk.listed,
        }

    def _node(self, gid: object) -> Document | None:
        if "/BulkOperation/" in str(gid):
            return self._bulk.node(gid)
        if "/Order/" in str(gid):
            return parts.order_node(self._shop, gid)
        return stock.item_node(self._shop, stock.number(gid)) if "/InventoryItem/" in str(gid) else None

    def _mutations(self) -> Mapping[str, Callable[[Mapping[str, object]], object]]:
        return {
            "fulfillmentOrderHold": lambda given: parts.hold(self._shop, given),
            "fulfillmentOrderReleaseHold": lambda given: parts.release(self._shop, given),
            "fulfillmentOrderLineItemsPreparedForPickup": lambda given: parts.prepare(self._shop, given),
            "metafieldsSet": lambda given: parts.note(self._shop, given),
            "bulkOperationRunQuery": self._bulk.run,
            "inventorySetQuantities": lambda given: stock.set_quantities(
                self._shop, mapping(given.get("input"), "input")
            ),
            "inventoryActivate": lambda given: stock.activate(self._shop, given),
        }

    def _once(
        self,
        field: Field,
        arguments: Mapping[str, object],
        variables: Mapping[str, object],
        work: Callable[[], object],
    ) -> object:
        """Do the work once for each idempotency key, and give the same answer to the same question after that."""
        key = str(_arguments(field.directives.get("idempotent", {}), variables).get("key") or "")
        if not key:
            if field.name in _KEYED:
                raise Denied("BAD_REQUEST", "The @idempotent directive is required for this mutation")
            return work()
        asked = json.dumps([field.name, arguments], sort_keys=True)
        if key not in self._done:
            self._done[key] = asked, work()
        if self._done[key][0] != asked:
            words = "The same idempotency key cannot be used with different operation parameters."
            return {"userErrors": [{"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "field": None, "message": words}]}
        return self._done[key][1]

    def _extensions(self, requested: int, actual: int | None) -> Document:
        status = {
            "maximumAvailable": float(self._size.capacity),
            "currentlyAvailable": math.floor(self._bucket.room),
            "restoreRate": self._size.per_second,
        }
        cost = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
        return {"extensions": {"cost": cost}}


def _chosen(operations: list[Operation], name: object) -> Operation:
    fitting = [each for each in operations if not name or each.name == name]
    if len(fitting) != 1:
        raise BadDocument(f"No operation named {name!r}")
    return fitting[0]


def _arguments(arguments: Mapping[str, object], variables: Mapping[str, object]) -> dict[str, object]:
    return {name: filled(value, variables) for name, value in arguments.items()}


def _cost(operation: Operation, variables: Mapping[str, object]) -> int:
    """Return what a document costs: ten for a mutation, one for each object, and what lies within objects."""
    if operation.kind == "mutation":
        return _MUTATION_COST * len(operation.fields)
    cost = max(1, sum(_field_cost(field, variables) for field in operation.fields))
    if cost > _MOST_COST:
        raise Denied("MAX_COST_EXCEEDED", f"Query cost is {cost}, which exceeds the single query max cost limit")
    return cost


def _field_cost(field: Field, variables: Mapping[str, object]) -> int:
    if not field.fields:
        return 0
    ids, first = (filled(field.arguments.get(name), variables) for name in ("ids", "first"))
    inner = sum(_field_cost(each, variables) for each in field.fields if each.name != "pageInfo")
    if isinstance(first, int):
        return 2 + first * inner
    times = len(ids) if isinstance(ids, list) else 1
    return times * (1 + inner)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _project(value: object, field: Field, variables: Mapping[str, object]) -> object:
    """Return what was asked for of a value."""
    if callable(value):
        value = value(_arguments(field.arguments, variables))
    if isinstance(value, list):
        return [_project(each, field, variables) for each in value]
    if not isinstance(value, dict) or not field.fields:
        return value
    kind = value.get("__typename")
    wanted = [each for each in field.fields if not each.on or each.on == kind]
    return {each.alias: _project(value.get(each.name), each, variables) for each in wanted}


def _denied(denied: Denied) -> Document:
    return {"errors": [{"message": str(denied), "extensions": {"code": denied.code}}]}
