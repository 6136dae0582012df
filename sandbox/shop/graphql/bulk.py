"""Bulk queries: one runs at a time, takes a while, and leaves its answer as lines of JSON at an address of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.clock import Clock
from sandbox.shop.graphql import parts
from sandbox.shop.graphql.stock import number
from sandbox.shop.graphql.syntax import BadDocument, Field, read
from sandbox.shop.shop import Shop
from sandbox.web import Reply, Request

Document = dict[str, object]
_PATH = re.compile(r"/bulk/([0-9]{1,20})\.jsonl")
_SINCE = re.compile(r"updated_at:>=?'?([0-9T:.+Z-]+)'?")


@dataclass(slots=True)
class Operation:
    """One bulk query."""

    id: int
    query: str
    created: datetime
    lines: list[str]
    looks: int = 0
    failed: bool = False


class BulkQueries:
    """The bulk queries of one app; each is done after so many looks at it, whatever the clocks of both sides say."""

    def __init__(self, shop: Shop, clock: Clock, looks: int) -> None:
        self._shop, self._clock, self._looks = shop, clock, looks
        self.operations: dict[int, Operation] = {}
        self.address = ""

    def run(self, arguments: Mapping[str, object]) -> Document:
        """Start a bulk query, unless one is running."""
        query = str(arguments.get("query") or "")
        running = next((each for each in self.operations.values() if self._status(each) == "RUNNING"), None)
        if running is not None:
            words = f"A bulk query operation for this app and shop is already in progress: {_gid(running)}."
            return _refused("OPERATION_IN_PROGRESS", words)
        try:
            (operation,) = read(query)
            lines = [json.dumps(each) for each in self._rows(operation.fields[0])]
        except (BadDocument, ValueError) as bad:
            return _refused("INVALID", str(bad))
        made = Operation(self._shop.new_id(), query, self._clock.now(), lines)
        self.operations[made.id] = made
        return {"bulkOperation": self._node(made), "userErrors": []}

    def _rows(self, field: Field) -> list[Document]:
        if field.name != "productVariants" or [each.name for each in field.fields] != ["edges"]:
            raise BadDocument(f"Field '{field.name}' cannot be read in bulk here")
        since = _SINCE.search(str(field.arguments.get("query") or ""))
        least = datetime.fromisoformat(since[1]) if since else None
        return [
            {
                "id": f"gid://shopify/ProductVariant/{each.id}",
                "sku": each.item.sku,
                "inventoryItem": {"id": f"gid://shopify/InventoryItem/{each.inventory_item_id}"},
            }
            for each in list(self._shop.by_inventory_item.values())
            if least is None or each.listed >= least
        ]

    def node(self, gid: object) -> Document | None:
        """Return one operation."""
        found = self.operations.get(number(gid))
        if found is None:
            return None
        found.looks += 1
        return self._node(found)

    def listed(self, arguments: Mapping[str, object]) -> Document:
        """Return a page of the operations."""
        nodes = [self._node(each) for each in self.operations.values()]
        return parts.page(nodes[::-1] if arguments.get("reverse") else nodes, arguments)

    def _node(self, operation: Operation) -> Document:
        status = self._status(operation)
        there = status == "COMPLETED" and operation.lines
        return {
            "__typename": "BulkOperation",
            "id": _gid(operation),
            "status": status,
            "errorCode": "INTERNAL_SERVER_ERROR" if operation.failed else None,
            "createdAt": operation.created.isoformat(),
            "query": operation.query,
            "url": f"{self.address}/bulk/{operation.id}.jsonl" if there else None,
        }

    def _status(self, operation: Operation) -> str:
        if operation.failed:
            return "FAILED"
        return "COMPLETED" if operation.looks >= self._looks else "RUNNING"

    def download(self, request: Request) -> Reply | None:
        """Answer for an address of an answer, None for any other; who sends a token of the shop along is refused."""
        matched = _PATH.fullmatch(request.path)
        operation = self.operations.get(int(matched[1])) if matched else None
        if operation is None:
            return None
        if "x-shopify-access-token" in request.headers:
            return Reply(400, b"no token of a shop belongs here")
        return Reply(200, "\n".join(operation.lines).encode() + b"\n", {"Content-Type": "application/jsonl"})


def _gid(operation: Operation) -> str:
    return f"gid://shopify/BulkOperation/{operation.id}"


def _refused(code: str, words: str) -> Document:
    return {"bulkOperation": None, "userErrors": [{"code": code, "field": None, "message": words}]}
