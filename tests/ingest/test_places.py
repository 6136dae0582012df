"""Places that a partner reports become nodes; what its mapping file says of one goes before."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from hub.contract import BadRecord, Profile
from hub.model.money import ExchangeRates
from hub.model.node import Hours, Node, NodeKind
from hub.model.partner import Partner, Role
from hub.model.place import Coordinates
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk, Source
from hub.services.directory import Entry, PartnerDirectory
from hub.services.inventory import places
from hub.store import nodes
from hub.store.engine import Store
from hub.testing.clock import FakeClock

EAST = Node(
    code="ERP-12",
    name="East",
    kind=NodeKind.WAREHOUSE,
    partner="erp",
    coordinates=Coordinates(latitude=40.7, longitude=-74),
    capacity_per_day=120,
    hours=Hours(cut_off="14:30"),
    buffer=2,
)


class NoSettings(BaseModel):
    """A connection without any."""


def profile(*declared: Node) -> Profile:
    return Profile(Partner(code="erp", name="ERP", role=Role.WAREHOUSE, nodes=declared), NoSettings())


def test_reported_places_stand_beside_those_of_the_file() -> None:
    own = Node(code="DC1", kind=NodeKind.WAREHOUSE, partner="erp")
    assert [each.code for each in places.with_reported(profile(own), [EAST]).partner.nodes] == ["DC1", "ERP-12"]


def test_a_node_that_only_stands_for_the_partner_gives_way_to_real_ones() -> None:
    implied = Node(code="ERP", name="ERP", kind=NodeKind.WAREHOUSE, partner="erp")
    assert places.with_reported(profile(implied), [EAST]).partner.nodes == (EAST,)
    assert places.with_reported(profile(implied), []).partner.nodes == (implied,)


def test_the_files_word_about_a_node_goes_before_and_a_report_fills_the_rest() -> None:
    own = Node(code="ERP-12", kind=NodeKind.STORE, partner="erp", capacity_per_day=5)
    (node,) = places.with_reported(profile(own), [EAST]).partner.nodes
    assert (node.kind, node.capacity_per_day, node.hours.cut_off, node.buffer) == (NodeKind.STORE, 5, "14:30", 2)
    assert node.coordinates == EAST.coordinates


def test_a_place_out_of_use_there_is_out_of_use_here() -> None:
    own = Node(code="ERP-12", kind=NodeKind.WAREHOUSE, partner="erp")
    assert not places.with_reported(profile(own), [EAST.changed(active=False)]).partner.nodes[0].active


@pytest.fixture
def desk(store: Store) -> Desk:
    other = Partner(code="acme", role=Role.SUPPLIER, nodes=(Node(code="ACME", kind=NodeKind.SUPPLIER, partner="acme"),))
    directory = PartnerDirectory({"acme": Entry(Profile(other, NoSettings()), "csv", ())})
    return Desk(store, FakeClock(), directory, ExchangeRates(base="USD", rates={}), RoutingRules(), "USD")


def test_a_report_is_news_once(desk: Desk) -> None:
    with desk.store.write() as tx:
        assert places.apply(tx, desk, Source("erp", "locations", 1), EAST)
        first = nodes.last_report(tx)
        assert not places.apply(tx, desk, Source("erp", "locations", 2), EAST)
        assert nodes.last_report(tx) == first is not None
        assert nodes.reported(tx) == {"erp": (EAST,)}


@pytest.mark.parametrize(
    ("changes", "words"), [({"partner": "other"}, "came over 'erp'"), ({"code": "ACME"}, "is of 'acme' already")]
)
def test_a_report_of_somebody_elses_place_parks(desk: Desk, changes: dict[str, str], words: str) -> None:
    with desk.store.write() as tx, pytest.raises(BadRecord, match=words):
        places.apply(tx, desk, Source("erp", "locations", 1), EAST.changed(**changes))
