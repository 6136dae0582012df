"""The questions of a batch as a field, and the field's plan as what each order takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

import numpy as np

from hub.routing.batch.field import UNLIMITED, Field, Floats, Group, Ints
from hub.routing.batch.ledger import Taken
from hub.routing.batch.result import Question
from hub.routing.jobs import Job, sort
from hub.routing.scene import Scene, goods_of
from hub.routing.tariff import GRAIN, MICRO, NANO, units
from hub.routing.whole import mores

#: Orders of more jobs are routed after the others: their programme would take longer than all the rest.
MOST_JOBS = 8
_MONEY = GRAIN * MICRO


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A field with its orders (places among the questions), its jobs by line, and the codes of its nodes and SKUs.

    `apart` are the questions that are not in it: a line has to be cut or competes with another of its own order, the
    order is large, or nothing can be sent. `grain` is by SKU the nano-units that one unit of the field stands for,
    `missing` the units of the orders in it that nobody has.
    """

    field: Field
    orders: Sequence[int]
    jobs: Sequence[Job]
    codes: Sequence[str]
    skus: Sequence[str]
    grain: Sequence[int]
    apart: Sequence[int]
    missing: Decimal

    def taken(self, plan: Ints) -> dict[int, Taken]:
        """Return by question what its order takes under a plan."""
        found: dict[int, list[tuple[str, str, Decimal]]] = {question: [] for question in self.orders}
        for job, order, node in zip(self.jobs, self.field.order.tolist(), plan.tolist(), strict=True):
            if node >= 0:
                found[self.orders[order]].append((self.codes[node], job.good.sku, units(job.nanos)))
        return dict(found)

    def prices(self, worth: Floats) -> dict[tuple[str, str], Decimal]:
        """Return what a selling unit of each SKU is worth at each node, where it is worth anything."""
        found = {}
        for node, sku in zip(*np.nonzero(worth > 1e-6), strict=True):
            price = worth[node, sku] * NANO / self.grain[sku]
            found[self.codes[node], self.skus[sku]] = Decimal(f"{price:.6f}")
        return found


def framed(questions: Sequence[Question], unfilled: Decimal | None) -> Framed:
    """Return the questions as a field; `unfilled` is the cost of a unit that is not sent."""
    scenes = [Scene(question.problem, question.rules) for question in questions]
    works = [sort(scene, goods_of(scene.problem.wants, scene.rules)) for scene in scenes]
    inside: list[int] = []
    apart: list[int] = []
    for number, work in enumerate(works):
        fits = not work.cuttings and not work.contested and 0 < len(work.jobs) <= MOST_JOBS
        fits = fits and not (scenes[number].ship_complete and work.left)
        (inside if fits else apart).append(number)
    missing = sum(left.nanos for number in inside for left in works[number].left)
    frame = _Frame([scenes[number] for number in inside], [works[number].jobs for number in inside])
    return Framed(
        frame.field(unfilled), inside, frame.flat, frame.codes, frame.skus, frame.grain, apart, units(missing)
    )


class _Frame:
    def __init__(self, scenes: Sequence[Scene], jobs: Sequence[Sequence[Job]]) -> None:
        self.scenes, self.jobs = scenes, jobs
        self.flat = [job for each in jobs for job in each]
        codes = {code for job in self.flat for code in job.costs}
        self.codes = sorted(codes)
        self.skus = sorted({job.good.sku for job in self.flat})
        self.node = {code: number for number, code in enumerate(self.codes)}
        self.place = {sku: number for number, sku in enumerate(self.skus)}
        self.grain = [0] * len(self.skus)
        for job in self.flat:
            place = self.place[job.good.sku]
            self.grain[place] = gcd(self.grain[place], job.nanos)

    def field(self, unfilled: Decimal | None) -> Field:
        """Put everything together."""
        order = np.repeat(np.arange(len(self.jobs)), [len(each) for each in self.jobs])
        sku = np.array([self.place[job.good.sku] for job in self.flat], np.int64)
        cost, parcel = self._costs(), self._parcels()
        amounts = np.array([job.nanos / NANO for job in self.flat])
        return Field(
            cost=cost,
            parcel=parcel,
            drop=amounts * (_dearest(cost, parcel, order, amounts) if unfilled is None else float(unfilled)),
            split=np.array([scene.terms.split / MICRO for scene in self.scenes]),
            order=order,
            sku=sku,
            quantity=np.array([job.nanos // self.grain[self.place[job.good.sku]] for job in self.flat], np.int64),
            stock=self._stock(),
            capacity=self._capacity(),
            groups=self._groups(order),
        )

    def _costs(self) -> Floats:
        cost = np.full((len(self.codes), len(self.flat)), np.inf)
        for line, job in enumerate(self.flat):
            cost[[self.node[code] for code in job.costs], line] = np.array(list(job.costs.values()), float) / _MONEY
        return cost

    def _parcels(self) -> Floats:
        """Return what a parcel costs each order at each node, a split in it."""
        parcel = np.zeros((len(self.codes), len(self.jobs)))
        for place, (scene, jobs) in enumerate(zip(self.scenes, self.jobs, strict=True)):
            for code in {code for job in jobs for code in job.costs}:
                parcel[self.node[code], place] = scene.parcel(code) / _MONEY
        return parcel

    def _stock(self) -> Ints:
        """Return what there is, less what every order's rules keep back."""
        stock = np.zeros((len(self.codes), len(self.skus)), np.int64)
        for scene, jobs in zip(self.scenes, self.jobs, strict=True):
            for job in jobs:
                place = self.place[job.good.sku]
                for code in job.costs:
                    have = scene.have(*scene.at(job.good, code)) // self.grain[place]
                    stock[self.node[code], place] = max(stock[self.node[code], place], have)
        return stock

    def _capacity(self) -> Ints:
        capacity = np.zeros(len(self.codes), np.int64)
        for scene in self.scenes:
            for code, tariff in ((code, scene.problem.nodes.tariffs[code]) for code in scene.problem.nodes.by_code):
                if code in self.node:
                    room = UNLIMITED
                    if tariff.capacity is not None:
                        room = max(0, tariff.capacity - scene.problem.load.get(code, 0))
                    capacity[self.node[code]] = max(capacity[self.node[code]], room)
        return capacity

    def _groups(self, order: Ints) -> list[Group]:
        kinds: dict[tuple[int, int, bool, bool], list[int]] = {}
        for place, (scene, jobs) in enumerate(zip(self.scenes, self.jobs, strict=True)):
            most = len(jobs) if scene.most_parcels is None else min(len(jobs), scene.most_parcels)
            complete = scene.ship_complete
            kinds.setdefault((len(jobs), 1 if complete else most, complete, scene.cards is not None), []).append(place)
        first = np.searchsorted(order, np.arange(len(self.jobs)))
        found = []
        for (count, most, complete, cards), places in sorted(kinds.items()):
            orders = np.array(places)
            lines = first[orders][None, :] + np.arange(count)[:, None]
            found.append(Group(orders, lines, most, complete, self._extra(places, count) if cards else None))
        return found

    def _extra(self, places: Sequence[int], count: int) -> Floats:
        extra = np.zeros((1 << count, len(self.codes), len(places)))
        for number, place in enumerate(places):
            scene, jobs = self.scenes[place], self.jobs[place]
            codes = sorted({code for job in jobs for code in job.costs})
            for code, table in zip(codes, mores(scene, jobs, codes), strict=True):
                if table is not None:
                    extra[:, self.node[code], number] = np.array(table, float) / _MONEY
        return extra


def _dearest(cost: Floats, parcel: Floats, order: Ints, amounts: Floats) -> float:
    """Return more than sending any unit costs, several times over: first as many units as there are."""
    sent = np.where(np.isfinite(cost), (cost + parcel[:, order]) / amounts, 0.0)
    return 4.0 * float(sent.max(initial=0.0)) + 1.0
