"""One routing question, complete in itself: what is wanted, where it is, and what a unit costs there.

Everything a decision depends on stands in the `Problem`, in the hub's currency and in selling units; converting
currencies and partner units is the caller's work. Nothing here is looked up, so the same problem gives the same
decision for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.model.item import ItemFlag
from hub.model.node import Node
from hub.model.place import Coordinates
from hub.routing.carriage import Size
from hub.routing.offer import Offer
from hub.routing.shelf import Shelf, Shelves
from hub.routing.tariff import Tariffs, milligrams, nano


@dataclass(frozen=True, slots=True)
class Want:
    """A quantity of one order line that needs a source; `weight_g` is grams a unit, None when it is not known.

    `size` is the packed length, width and height of a unit in centimetres, for carriers that charge for volume.
    `excluded` are nodes that refused this line before. `pick_up_node` fixes the node where the customer collects.
    `nanos` and `weight` (milligrams a unit) are the same in whole numbers.
    """

    line_id: str
    sku: str
    quantity: Decimal
    weight_g: Decimal | None = None
    flags: frozenset[ItemFlag] = frozenset()
    excluded: frozenset[str] = frozenset()
    pick_up_node: str | None = None
    size: Size | None = None
    nanos: int = field(init=False, repr=False, compare=False)
    weight: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nanos", nano(self.quantity))
        object.__setattr__(self, "weight", None if self.weight_g is None else milligrams(self.weight_g))


class _Documents(dict[str, dict[str, Any]]):
    """The nodes as JSON-ready data by code, each written out when it is first asked for."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        super().__init__()
        self._nodes = nodes

    def __missing__(self, code: str) -> dict[str, Any]:
        # Defaults are left out, so a changed default of Node needs a new version of the frozen form. Sets become lists
        # in no fixed order, and the same node must always give the same text.
        data = self._nodes[code].model_dump(mode="json", exclude_defaults=True)
        hours = data.get("hours", {})
        for place in (data, hours):
            place.update({name: sorted(each) for name, each in place.items() if isinstance(each, list)})
        self[code] = data
        return data


class _Texts(dict[str, str]):
    """The same data as canonical JSON, each written out when it is first asked for."""

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        super().__init__()
        self._documents = documents

    def __missing__(self, code: str) -> str:
        text = self[code] = canonical(self._documents[code])
        return text


def canonical(data: object) -> str:
    """Return plain data as JSON: equal data give equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Network:
    """The nodes by code, each with its tariff and its frozen form worked out once; share one among a run's problems.

    `fees` are what a node's supplier takes for each drop-ship order, in the hub's currency.
    """

    __slots__ = ("by_code", "documents", "fees", "tariffs", "texts")

    def __init__(self, nodes: Iterable[Node], fees: Mapping[str, Decimal] | None = None) -> None:
        self.by_code: Mapping[str, Node] = {node.code: node for node in nodes}
        self.fees: Mapping[str, Decimal] = dict(fees or {})
        self.tariffs = Tariffs(self.by_code, self.fees)
        self.documents: Mapping[str, dict[str, Any]] = _Documents(self.by_code)
        self.texts: Mapping[str, str] = _Texts(self.documents)

    def shelf(self, sku: str, offers: Iterable[Offer]) -> Shelf:
        """Return these offers of one SKU as a shelf that orders can share; nodes that are not here are left out."""
        return Shelf(sku, (offer for offer in offers if offer.node in self.by_code), self.tariffs)

    def only(self, codes: Iterable[str]) -> Network:
        """Return the network of these nodes alone, in the order they have here."""
        kept = frozenset(codes)
        nodes = [node for code, node in self.by_code.items() if code in kept]
        part = Network(nodes, {code: fee for code, fee in self.fees.items() if code in kept})
        part.tariffs, part.documents, part.texts = self.tariffs, self.documents, self.texts
        return part

    def __len__(self) -> int:
        return len(self.by_code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and (self.by_code, self.fees) == (other.by_code, other.fees)

    def __hash__(self) -> int:
        return hash(tuple(self.by_code))


@dataclass(frozen=True, slots=True)
class Problem:
    """The whole question: one order's wants, the network, and every offer of the wanted SKUs.

    `ship_complete` and `max_splits` may only tighten what the rules say. `load` counts the orders that each node was
    given today, against its capacity. `distances` (km by node) go before the coordinates where a better figure is
    known. `at` is the moment the answer is for, `service` the shipping service that the customer chose. Without
    `calendars` every node works always: so were questions answered before there were any. From a node `along` a parcel
    to this customer leaves anyway: what goes into it pays for its weight, and not for another parcel.

    `shelves` are the offers by SKU. Orders that share the offers of `Network.shelf` share also what was worked out from
    them; offers given as they are, are put on shelves of their own.
    """

    order_id: str
    currency: str
    at: datetime
    wants: tuple[Want, ...]
    nodes: Network
    offers: Sequence[Offer]
    destination: Coordinates | None = None
    country: str | None = None
    ship_complete: bool = False
    max_splits: int | None = None
    promise_by: datetime | None = None
    load: Mapping[str, int] = field(default_factory=dict)
    distances: Mapping[str, Decimal] = field(default_factory=dict)
    service: str = ""
    calendars: bool = False
    along: frozenset[str] = frozenset()
    shelves: Mapping[str, Shelf] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shelves", self._shelves())
        if len({want.line_id for want in self.wants}) != len(self.wants):
            raise ValueError(f"order {self.order_id}: two wants share one line id; give each line once")
        for want in self.wants:
            if want.quantity <= 0:
                raise ValueError(f"order {self.order_id}: line {want.line_id} wants {want.quantity}; leave it out")

    def _shelves(self) -> Mapping[str, Shelf]:
        offers, known, tariffs = self.offers, self.nodes.by_code, self.nodes.tariffs
        if isinstance(offers, Shelves) and offers.fits(known, tariffs):
            return offers.by_sku
        try:
            return Shelves.of(offers, known, tariffs).by_sku
        except ValueError as error:
            raise ValueError(f"order {self.order_id}: {error}") from None


def narrow(problem: Problem) -> Problem:
    """Return the same question without the nodes and offers that cannot matter to it.

    A node stays when it offers a wanted SKU or when a customer collects there. This is what a decision keeps of its
    input: with a thousand suppliers few of them offer anything of one order.
    """
    skus = {want.sku for want in problem.wants}
    shelves = [shelf for sku, shelf in problem.shelves.items() if sku in skus]
    codes = {want.pick_up_node for want in problem.wants if want.pick_up_node}.union(
        *(shelf.by_node for shelf in shelves)
    )
    return replace(
        problem,
        offers=Shelves(shelves),
        nodes=problem.nodes.only(codes),
        load={code: count for code, count in problem.load.items() if code in codes},
        distances={code: km for code, km in problem.distances.items() if code in codes},
        along=problem.along & codes,
    )
