"""What is sold never exceeds the stock by more than what was sold unseen, whatever customers and pushes do."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.shopify.levels import Levels, Wish

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 4)),
        st.tuples(st.just("elsewhere"), st.integers(1, 3)),
        st.tuples(st.just("read"), st.integers(1, 6)),
        st.tuples(st.just("push"), st.lists(st.integers(0, 2), max_size=6)),
    ),
    max_size=40,
)


class Customers:
    """A shop and a hub with one item, as far as figures go: who sold what, and what the hub has read of it."""

    def __init__(self, stock: int) -> None:
        self.stock, self.shown, self.told = stock, stock, stock
        self.sold, self.read, self.elsewhere = 0, 0, 0
        self.window: set[int] = set()  # sales in the shop that were unseen when a figure of ours counted
        self.told_of, self.untold = 0, set[int]()  # sales elsewhere that the shop had not been told of when it sold

    @property
    def figure(self) -> int:
        return max(0, self.stock - self.read - self.elsewhere)

    def buy(self) -> None:
        if self.shown > 0:
            self.untold |= set(range(self.told_of, self.elsewhere))
            self.shown -= 1
            self.sold += 1

    def buy_elsewhere(self) -> None:
        if self.figure > 0:
            self.unseen()
            self.elsewhere += 1

    def unseen(self) -> None:
        self.window |= set(range(self.read, self.sold))

    @property
    def too_much(self) -> int:
        return self.sold + self.elsewhere - self.stock


class Counter:
    """The shop's GraphQL as one push meets it: somebody may buy before every answer."""

    def __init__(self, customers: Customers, meanwhile: list[int]) -> None:
        self.customers, self.meanwhile = customers, meanwhile

    def ask(self, document: str, variables: Mapping[str, object], *_: object, **__: object) -> Mapping[str, object]:
        for _each in range(self.meanwhile.pop() if self.meanwhile else 0):
            self.customers.buy()
        if "query levels" in document:
            shown = {"name": "available", "quantity": self.customers.shown}
            return {"nodes": [{"id": "gid://shopify/InventoryItem/1", "inventoryLevel": {"quantities": [shown]}}]}
        (row,) = variables["input"]["quantities"]  # type: ignore[index]
        if row["changeFromQuantity"] != self.customers.shown:
            stale = {"code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "quantities", "0"], "message": "stale"}
            return {"inventorySetQuantities": {"userErrors": [stale]}}
        self.customers.shown = row["quantity"]
        return {"inventorySetQuantities": {"userErrors": []}}


def _push(customers: Customers, meanwhile: list[int]) -> None:
    """Push as the hub does: only a figure that differs from what was told."""
    if customers.figure == customers.told:
        customers.told_of = customers.elsewhere
        return
    customers.unseen()
    figure = customers.figure
    levels = Levels(Counter(customers, [*meanwhile]))  # type: ignore[arg-type]
    assert levels.put({(1, 5): Wish(figure, customers.told)}, "stock:1") == {}
    customers.unseen()
    customers.told, customers.told_of = figure, customers.elsewhere


def _play(stock: int, moves: list[tuple[str, object]]) -> Customers:
    customers = Customers(stock)
    for name, what in moves:
        if name == "push" and isinstance(what, list):
            _push(customers, what)
        elif name == "read" and isinstance(what, int):
            customers.read = min(customers.sold, customers.read + what)
        elif isinstance(what, int):
            for _ in range(what):
                customers.buy() if name == "buy" else customers.buy_elsewhere()
    return customers


@settings(max_examples=150, deadline=None)
@given(stock=st.integers(0, 12), moves=MOVES)
def test_no_more_is_sold_too_much_than_was_sold_unseen(stock: int, moves: list[tuple[str, object]]) -> None:
    customers = _play(stock, moves)
    assert customers.too_much <= len(customers.window) + len(customers.untold)


@settings(max_examples=80, deadline=None)
@given(stock=st.integers(0, 12), moves=MOVES)
def test_when_every_sale_is_read_at_once_nothing_is_sold_too_much(stock: int, moves: list[tuple[str, object]]) -> None:
    seen: list[tuple[str, object]] = []
    for move in moves:
        quiet = ("push", []) if move[0] == "push" else move
        seen += [quiet, ("read", 99), ("push", [])]
    each = [(name, 1) if name in {"buy", "elsewhere"} else (name, what) for name, what in seen]
    assert _play(stock, each).too_much <= 0


@given(stock=st.integers(5, 12), sold=st.integers(0, 3))
def test_what_is_bought_between_looking_and_setting_stays_sold(stock: int, sold: int) -> None:
    customers = Customers(stock)
    meanwhile = [0, 0, sold, 0, 0]  # before each answer, the last first: set, read, set, read, set
    Levels(Counter(customers, meanwhile)).put({(1, 5): Wish(stock, stock + 1)}, "k")  # type: ignore[arg-type]
    assert customers.shown == stock - customers.sold
