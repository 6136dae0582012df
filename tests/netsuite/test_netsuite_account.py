"""Account ids, passports, the stored WSDL and the doctor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from connectors.netsuite.auth import Credentials, account_id, host_form
from connectors.netsuite.commands import netsuite
from connectors.netsuite.compose import Node, UnknownName, envelope, scalar
from connectors.netsuite.connector import NetSuiteConnector, NetSuitePlugin
from connectors.netsuite.schema import Schema
from connectors.netsuite.wire import trusted
from connectors.netsuite.wsdl import fetch
from hub.contract import AccessDenied, Outbound, Profile, Rejected, TemporaryFailure
from hub.model.purchase import FulfillmentOrder
from hub.testing.context import MemoryContext, MemoryNumbers
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import order_fields

Open = Callable[..., NetSuiteConnector]
Make = Callable[..., Profile]


@pytest.mark.parametrize("written", ["1234567_SB1", "1234567-sb1", " 1234567_sb1 "])
def test_an_account_id_may_be_written_as_in_any_of_netsuites_own_places(written: str) -> None:
    assert account_id(written) == "1234567_SB1"
    assert host_form(account_id(written)) == "1234567-sb1"


@pytest.mark.parametrize("written", ["", "https://1234567.app.netsuite.com", "12 34", "1_2_3"])
def test_what_is_no_account_id_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="account id"):
        account_id(written)


def test_a_signature_is_the_one_that_was_computed_by_hand() -> None:
    # openssl dgst -sha256 -hmac 'cs&ts' over '1234567_SB1&ck&tk&0123456789abcdef&1795391428'
    credentials = Credentials("1234567_SB1", "ck", "cs", "tk", "ts")
    assert credentials.signature("0123456789abcdef", 1795391428) == "LiycGhsSmJFQOWQp3qKiVJsBR69Bcv6lLydk8m0d8HY="


def test_no_two_passports_are_alike_and_none_shows_a_secret() -> None:
    credentials = Credentials("1", "ck", "consumer-secret", "tk", "token-secret")
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert credentials.passport(now) != credentials.passport(now)
    assert "secret" not in repr(credentials).replace("consumer_secret", "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://netsuite.example"}, "in the clear"),
        ({"url": "https://x.example/services"}, "is not an address"),
        ({"documents": ["purchase_orders", "supplier_orders"]}, "name one of them"),
        (
            {"item_key": "external_id", "documents": ["orders", "purchase_orders"]},
            "by name only: orders, purchase_orders",
        ),
        ({"documents": []}, "at least 1"),
        ({"endpoint": "2023.2"}, "pattern"),
    ],
)
def test_settings_that_cannot_work_are_refused(make_profile: Make, change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_profile(**change)


def test_the_wsdl_is_fetched_once_and_read_from_the_copy(account: RunningNetSuite, tmp_path: Path) -> None:
    call = ["fetch-wsdl", "1234567", "--url", account.url, "--folder", str(tmp_path / "copies")]
    first = CliRunner().invoke(netsuite, call)
    assert first.exit_code == 0, first.output
    stored = (tmp_path / "copies" / "2025_2" / "netsuite.wsdl").read_text(encoding="utf-8")
    assert 'schemaLocation="xsd/core.xsd"' in stored
    assert account.url not in stored
    assert CliRunner().invoke(netsuite, call).exit_code == 3
    assert CliRunner().invoke(netsuite, [*call, "--again"]).exit_code == 0
    assert CliRunner().invoke(netsuite, [*call, "--endpoint", "1999_9", "--url", "http://127.0.0.1:9"]).exit_code == 1
    assert Schema(tmp_path / "copies" / "2025_2" / "netsuite.wsdl").shape("SalesOrder").attributes
    assert {each.name for each in (tmp_path / "copies").iterdir()} == {"2025_2"}


def test_a_wsdl_that_points_elsewhere_is_not_followed(tmp_path: Path) -> None:
    source = "https://account.test/wsdl/netsuite.wsdl"
    text = b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><import location="https://evil.test/x.xsd"/></definitions>'
    with pytest.raises(TemporaryFailure, match=r"evil\.test"):
        fetch(lambda _: text, source, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_without_a_wsdl_the_cure_is_named(make_profile: Make, context: MemoryContext, tmp_path: Path) -> None:
    connector = NetSuitePlugin().open(make_profile(wsdl_folder=tmp_path), context)
    health = connector.check()
    connector.close()
    assert not health.ok
    assert "fetch-wsdl" in health.todo
    (tmp_path / "2025_2").mkdir()
    (tmp_path / "2025_2" / "netsuite.wsdl").write_text("<html>", encoding="utf-8")
    with pytest.raises(AccessDenied, match="cannot be read"):
        Schema(tmp_path / "2025_2" / "netsuite.wsdl")


def test_a_field_that_the_endpoint_lacks_is_named(wsdl_folder: Path) -> None:
    schema = Schema(wsdl_folder / "2025_2" / "netsuite.wsdl")
    with pytest.raises(UnknownName, match="SalesOrder has no colour"):
        envelope(schema, "upsertList", {"record": [Node("SalesOrder", {"colour": "red"})]}, None, {})


def test_what_cannot_stand_in_xml_is_replaced_and_what_cannot_be_a_number_is_refused() -> None:
    assert scalar("bell \x07 and \ud800 half") == "bell   and   half"
    with pytest.raises(ValueError, match="no time zone"):
        scalar(datetime(2026, 1, 1), "tranDate")  # noqa: DTZ001 - the point of the test
    with pytest.raises(TypeError, match="float"):
        scalar(1.5, "quantity")


def test_the_doctor_says_what_works_and_what_to_do(connect: Open) -> None:
    health = connect(locations={}, documents=["stock", "ship_orders"]).check()
    assert health.ok
    assert "1234567_SB1 answers" in health.sentence
    assert "of 5 of the whole account" in health.sentence
    assert "East" in health.sentence
    assert "[connection.locations]" in health.todo
    points = {each.name: each for each in health.points}
    assert points["locations"].todo == health.todo
    assert {"login", "ship_orders", "stock", "concurrency", "host", "clock", "endpoint"} <= set(points)


def test_the_doctor_names_the_flows_that_lack_a_permission(account: RunningNetSuite, connect: Open) -> None:
    account.mood(Mood.FORBIDDEN, on="search")
    health = connect(documents=["orders", "bills"]).check()
    assert not health.ok
    assert "bills: " in health.sentence
    assert "orders: " in health.sentence
    assert "permission" in health.todo


def test_the_doctor_warns_of_a_customer_that_nobody_named(connect: Open) -> None:
    assert "set customer" in connect(customer=None, documents=["ship_orders"]).check().todo


def test_codes_that_nobody_knows_are_counted_for_the_doctor_of_any_process(
    account: RunningNetSuite, connect: Open, make_profile: Make, context: MemoryContext
) -> None:
    assert {each.name: each for each in connect().check().points}["codes"].sentence.endswith("none")
    account.mood(Mood.NOVEL, on="search", for_calls=2)  # a read is tried three times
    list(connect().fetch("orders", None))
    account.mood(Mood.NOVEL, on="upsertList", for_calls=1)
    content = connect().render("ship_orders", FulfillmentOrder.model_validate(order_fields(1)), MemoryNumbers()).content
    with pytest.raises(Rejected, match="A_CODE_OF_NEXT_YEAR"):
        connect().send(Outbound("ship_orders", "1", content))
    another = NetSuitePlugin().open(make_profile(), context)
    point = {each.name: each for each in another.check().points}["codes"]
    another.close()
    assert "A_CODE_OF_NEXT_YEAR 3" in point.sentence
    assert "report" in point.todo


def test_two_connections_to_one_account_share_one_gate(make_profile: Make, context: MemoryContext) -> None:
    plugin = NetSuitePlugin()
    first = plugin.open(make_profile(concurrency=4), context)
    second = plugin.open(make_profile(concurrency=2), context)
    assert first._doctor._gate is second._doctor._gate
    assert first._doctor._gate.width == 2
    first.close()
    second.close()


def test_the_doctor_tells_a_feature_that_is_off_from_a_permission(account: RunningNetSuite, connect: Open) -> None:
    account.mood(Mood.NO_FEATURE, on="getItemAvailability")
    health = connect(documents=["stock"]).check()
    assert not health.ok
    assert "stock: " in health.sentence
    assert "Multi-Location Inventory" in health.todo


def test_the_first_reading_learns_how_many_calls_the_account_grants(
    account: RunningNetSuite, make_profile: Make, context: MemoryContext
) -> None:
    account.ask(lambda service: setattr(service.calls, "_concurrency", 3))
    plugin = NetSuitePlugin()
    first, second = (plugin.open(make_profile(concurrency=8), context) for _ in range(2))
    for each in (first, second):
        list(each.fetch("orders", None))
        assert each._doctor._gate.width == 3
        each.close()
    assert account.ask(lambda service: service.moods.calls["getAccountGovernanceInfo"]) == 1


def test_another_account_of_the_same_process_has_a_gate_of_its_own(make_profile: Make, context: MemoryContext) -> None:
    plugin = NetSuitePlugin()
    ours, theirs = (plugin.open(make_profile(account=each), context) for each in ("1234567-sb1", "7654321"))
    assert ours._doctor._gate is not theirs._doctor._gate
    ours.close()
    theirs.close()


@pytest.mark.parametrize("mood", [Mood.MOVED, Mood.WRONG_HOST])
def test_an_account_that_moved_is_asked_where_it_lives_and_called_there(
    account: RunningNetSuite, connect: Open, mood: Mood
) -> None:
    record = FulfillmentOrder.model_validate(order_fields(1))
    with RunningNetSuite(account.ask(lambda service: service.clock)) as before:
        before.mood(mood)
        before.ask(lambda service: setattr(service.calls, "domain", account.url))
        connector = connect(url=before.url)
        content = connector.render("ship_orders", record, MemoryNumbers()).content
        made = connector.send(Outbound("ship_orders", "1", content))
        assert f'url = "{account.url}"' in connector.check().todo
    assert [made.reference] == [each.id for each in account.ask(lambda service: service.books.of("SalesOrder"))]


def test_a_host_that_is_not_netsuites_own_is_not_believed(account: RunningNetSuite, connect: Open) -> None:
    account.mood(Mood.WRONG_HOST)
    account.ask(lambda service: setattr(service.calls, "domain", "https://evil.example"))
    with pytest.raises(AccessDenied, match="WRONG_DC_OR_VERSION"):
        list(connect().fetch("orders", None))


@pytest.mark.parametrize(
    ("domain", "ours", "known"),
    [
        ("https://1.suitetalk.api.netsuite.com/", "https://1.x.netsuite.com", "https://1.suitetalk.api.netsuite.com"),
        ("http://1.suitetalk.api.netsuite.com", "https://1.x.netsuite.com", ""),
        ("https://netsuite.com.evil.example", "https://1.x.netsuite.com", ""),
        ("http://127.0.0.1:9", "http://127.0.0.1:8", "http://127.0.0.1:9"),
        ("", "https://1.x.netsuite.com", ""),
    ],
)
def test_only_netsuites_own_hosts_may_be_called(domain: str, ours: str, known: str) -> None:
    assert trusted(domain, ours) == known
