"""The console shows what is stuck, why and what to do, and each verb is asked as the command line asks it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.state import DeliveryState
from hub.store import archive, deliveries, messages, order_list, originals, parking
from hub.web.console import api

PAGES = (
    "/",
    "/needs",
    "/needs?tab=waiting",
    "/needs?tab=resolved",
    "/orders",
    "/stock",
    "/suppliers",
    "/connections",
    "/what-if",
)


def text(reply: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.text))


def park_record(site: Any, record: str = "row 7", code: str = "unit", extract: str = "A;PK;<b>3</b>") -> str:
    """Park one inbound record; returns its failure's id."""
    now = site.clock.now()
    with site.store.write() as tx:
        content = f"sku;unit;quantity\n{extract}\n".encode()
        received = messages.receive(
            tx, connection="acme", document="stock", key=record, name="stock.csv", content=content, now=now
        )
        bad = BadRecord(
            "unit 'PK' is unknown", record=record, field="quantity", raw=extract, todo="add PK to [units]", code=code
        )
        return f"r{parking.park(tx, received.id, 'acme', 'stock', bad, now)}"


def park_delivery(site: Any) -> int:
    """Let the purchase order of an order be refused; returns the delivery's id."""
    with site.store.write() as tx:
        row = deliveries.search(tx, states={DeliveryState.QUEUED}, connection="acme")[0]
        deliveries.move(tx, row, DeliveryState.RUNNING, site.clock.now())
        sha = archive.keep(tx, b"PO;hunter2", site.clock.now())
        why = {
            "error_class": "Rejected",
            "code": "422",
            "error": "no such SKU",
            "todo": "read it",
            "content_sha256": sha,
        }
        deliveries.move(tx, deliveries.get(tx, row.id), DeliveryState.PARKED, site.clock.now(), why)
        return int(row.id)


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [*PAGES, "/connections/acme"])
def test_every_page_is_there_when_there_is_nothing(site: Any, page: str) -> None:
    reply = site.open().get(page)
    assert reply.status == 200, reply.text
    assert "script-src 'self'" in reply.header("content-security-policy")
    assert "<script>" not in reply.text
    assert " style=" not in reply.text
    assert not re.search(r"\son\w+=", reply.text), "no inline script anywhere"


def test_a_change_that_waits_for_its_order_stands_among_what_waits_and_nowhere_else(site: Any) -> None:
    browser, now = site.open(), site.clock.now()
    with site.store.write() as tx:
        got = messages.receive(tx, connection="acme", document="changes", key="c", name="c", content=b"860", now=now)
        bad = BadRecord("acme changes order 4711", record="change 1 of order 4711", code="unknown order")
        number = parking.park(tx, got.id, "acme", "changes", bad, now, now + timedelta(hours=3))
    assert "Nothing is stuck" in text(browser.get("/"))
    told = text(browser.get("/needs?tab=waiting"))
    assert "Open (0)" in told
    assert "change 1 of order 4711 acme waits for its order" in told
    assert "waits for its order until" in text(browser.get(f"/needs/r{number}"))


def test_today_says_what_is_stuck_and_what_to_do(site: Any) -> None:
    browser = site.open()
    assert "Nothing is stuck" in text(browser.get("/"))
    for row in range(3):
        park_record(site, f"row {row}")
    site.order("1001")
    told = text(browser.get("/"))
    assert "3 things need a person" in told
    assert "unit 'PK' is unknown" in told.replace("&#39;", "'")
    assert "add PK to [units]" in told


def test_failures_of_one_cause_are_one_thing_to_do(site: Any) -> None:
    for row in range(3):
        park_record(site, f"row {row}")
    park_record(site, "row 9", code="quantity")
    browser = site.open()
    page = browser.get("/needs")
    assert page.text.count('class="card bad"') == 2
    assert "Rerun all 3" in page.text
    site.ask("failed.rerun", {"ids": ["r1"]}, "ann")
    browser.send("/needs", "/needs/rerun", partner="acme", cause="BadRecord/unit", why="the mapping knows PK now")
    verb, arguments, actor = site.asked[-1]
    assert (verb, sorted(arguments["ids"]), actor) == ("failed.rerun", ["r1", "r2", "r3"], "ann")
    assert arguments["why"] == "the mapping knows PK now"


def test_a_failure_is_shown_whole_and_closed_with_a_reason(site: Any) -> None:
    failure = park_record(site)
    browser = site.open()
    page = browser.get(f"/needs/{failure}")
    assert "A;PK;&lt;b&gt;3&lt;/b&gt;" in page.text, "what a partner wrote is text, never markup"
    assert "add PK to [units]" in page.text
    refused = browser.send(f"/needs/{failure}", "/needs/close", ids=failure, why=" ")
    assert "say why" in text(refused)
    browser.send(
        f"/needs/{failure}",
        "/needs/close",
        ids=failure,
        why="they send it again tomorrow",
    )
    assert "Nothing needs a person" in text(browser.get("/needs"))
    resolved = text(browser.get("/needs?tab=resolved"))
    assert "they send it again tomorrow" in resolved


def test_what_a_later_success_closed_is_resolved_too(site: Any) -> None:
    failure = park_record(site)
    with site.store.write() as tx:
        parking.resolve(tx, ids=[int(failure[1:])], why="message 9 has it whole", now=site.clock.now())
    assert "message 9 has it whole" in text(site.open().get("/needs?tab=resolved"))


def test_retry_data_is_edited_byte_for_byte(site: Any) -> None:
    failure = park_record(site)
    browser = site.open()
    browser.send(f"/needs/{failure}", f"/needs/{failure}/edit", content="sku;unit\r\nA;EA\r\n", why="PK is EA")
    verb, arguments, _ = site.asked[-1]
    assert verb == "failed.edit"
    with site.store.read() as tx:
        assert archive.load(tx, arguments["sha256"]) == b"sku;unit\nA;EA\n"


def test_pages_of_failures_follow_each_other_without_gap(quick_site: Any) -> None:
    ids = {park_record(quick_site, f"row {number}") for number in range(120)}
    browser, at, found = quick_site.open(), "/needs?single=1", []
    while at:
        page = browser.get(at)
        found += re.findall(r'href="/needs/(r\d+)"', page.text)
        more = re.search(r'href="(/needs\?[^"]*after=[^"]*)"', page.text)
        at = more[1].replace("&amp;", "&") if more else ""
    assert (len(found), set(found)) == (120, ids)


def test_an_order_is_found_and_says_why_it_is_where_it_is(site: Any) -> None:
    site.order("1001", name="<i>Cup</i>")
    browser = site.open()
    assert "#1001" in text(browser.get("/orders?text=1001"))
    assert "no order" in text(browser.get("/orders?text=nothing"))
    page = browser.get("/orders/1001")
    told = text(page)
    assert "&lt;i&gt;Cup" in page.text
    assert "allocated" in told
    assert "ACME" in told
    assert "15.00 USD" in told
    assert "proven least" in told


def test_pages_of_orders_follow_each_other_without_gap(quick_site: Any) -> None:
    for number in range(1000, 1120):
        quick_site.order(str(number), sku="Z")
    browser, at, found = quick_site.open(), "/orders", []
    while at:
        page = browser.get(at)
        found += re.findall(r"<b>#(\d+)</b>", page.text)
        more = re.search(r'href="(/orders\?before=[^"]*)"', page.text)
        at = more[1] if more else ""
    assert sorted(found) == [str(number) for number in range(1000, 1120)]


@pytest.mark.parametrize(("verb", "shows"), [("hold", "held"), ("cancel", "cancelled"), ("reroute", "in progress")])
def test_an_order_is_held_cancelled_and_routed_again(site: Any, verb: str, shows: str) -> None:
    site.order("1001")
    browser = site.open()
    order = browser.get("/orders/1001").text.partition("/orders/SO")[2].partition("/")[0]
    page = browser.send("/orders/1001", f"/orders/SO{order}/{verb}", why="the customer called")
    assert site.asked[-1][0] == f"order.{verb}"
    assert shows in text(page)
    assert site.asked[-1][1]["why"] == "the customer called"


def test_a_document_is_shown_as_sent_beside_as_we_have_it_without_secrets(site: Any) -> None:
    site.order("1001")
    number = park_delivery(site)
    page = site.open().get(f"/deliveries/{number}")
    assert "hunter2" not in page.text
    assert "PO;&lt;secret:password&gt;" in page.text
    assert "channel_order" in page.text
    assert "no such SKU" in text(site.open().get(f"/needs/d{number}"))


def came(site: Any, content: str) -> int:
    """Keep an original that is about an order; returns the message's id."""
    with site.store.write() as tx:
        received = messages.receive(
            tx,
            connection="shop",
            document="orders",
            key="1001",
            name="1001.json",
            content=content.encode(),
            now=site.clock.now(),
        )
        originals.link(tx, "order", "shop", [(received.id, "1001")])
        return int(received.id)


def test_what_came_is_shown_as_written_beside_what_it_becomes(site: Any) -> None:
    site.order("1001")
    number, browser = came(site, '{"id": 1001, "token": "hunter2", "note": "<b>"}'), site.open()
    page = browser.get("/orders/1001")
    link = re.search(rf'href="(/messages/{number}\?order=SO\d+)"', page.text)
    assert link, page.text
    shown = browser.get(link[1]).text
    assert "&lt;secret:password&gt;" in shown
    assert "&lt;b&gt;" in shown
    assert '"order_id": "1001"' in shown, "as we have it"
    told = json.loads(browser.get(f"/api/messages/{number}?order=1001").text)
    assert [each["order_id"] for each in told["records"]] == ["1001"]
    assert json.loads(browser.get("/api/orders/1001").text)["messages"][0]["name"] == "1001.json"
    assert browser.get("/messages/999").status == 404


def test_a_long_original_is_shown_where_it_speaks_of_the_order(quick_site: Any) -> None:
    quick_site.order("1001")
    number = came(quick_site, "x" * 90_000 + "order 1001 here" + "y" * 90_000)
    shown = json.loads(quick_site.open().get(f"/api/messages/{number}?order=1001").text)
    assert "order 1001 here" in shown["raw"]
    assert "shown from byte" in shown["note"]


def test_stock_is_greyed_when_it_is_too_old_to_sell(site: Any) -> None:
    browser = site.open()
    assert 'class="stale"' not in browser.get("/stock?sku=A").text
    site.clock.advance(49 * 3600)
    stale = browser.get("/stock?sku=A")
    assert 'class="stale"' in stale.text
    assert re.search(r"<b>A</b>.*?<b>0</b>", stale.text, re.DOTALL), "nothing of it is sold"
    assert "no figure" in text(browser.get("/stock?sku=B"))


def test_the_scorecard_counts_what_came_and_when(site: Any) -> None:
    site.order("1001")
    told = text(site.open().get("/suppliers"))
    assert "Acme &amp; Sons" in told
    assert "acme" in told


def test_a_connection_is_checked_paused_resumed_and_opened(site: Any) -> None:
    browser = site.open()
    checked = text(browser.send("/connections/acme", "/connections/acme/check"))
    assert "acme does not answer" in checked
    paused = browser.send("/connections/acme", "/connections/acme/pause", why="their server moves")
    assert "their server moves" in text(paused)
    assert site.asked[-1][0] == "connection.pause"
    browser.send("/connections/acme", "/connections/acme/resume", why="it has moved")
    fields = {"from": "2026-11-20T00:00", "documents": "5"}
    opened = browser.send("/connections/acme", "/connections/acme/live", why="checked with them", **fields)
    assert site.asked[-1][1]["from"] == "2026-11-20T00:00:00+00:00"
    assert "live" in text(opened)
    assert "5 more document(s) may leave" in text(opened)


def test_what_is_not_there_is_said_to_be_missing(site: Any) -> None:
    for path in ("/orders/9999", "/needs/r9", "/deliveries/9", "/connections/nobody"):
        reply = site.open().get(path)
        assert (reply.status, "Not here" in reply.text) == (404, True), path


# --- the door --------------------------------------------------------------------------------------------------------


def test_without_users_only_loopback_is_served(quick_site: Any) -> None:
    refused = quick_site.open(host="0.0.0.0").get("/")  # noqa: S104 - that is what must be refused
    assert refused.status == 403
    assert "[[web.users]]" in refused.text
    assert quick_site.open(host="::1").get("/").status == 200


def test_a_name_that_only_points_here_is_not_served_without_users(quick_site: Any) -> None:
    browser = quick_site.open()
    assert browser.get("/", host="evil.example").status == 421
    assert browser.get("/", host="localhost:8377").status == 200


def log_in(site: Any, staff: Mapping[str, Any], name: str, password: str) -> Any:
    browser = site.open(host="0.0.0.0", users=staff)  # noqa: S104 - with users it may
    browser.post("/login", {"name": name, "password": password, "back": "/orders"})
    return browser


def test_a_password_lets_in_and_a_wrong_one_does_not(quick_site: Any, staff: Mapping[str, Any]) -> None:
    assert 'name="password"' in log_in(quick_site, staff, "olga", "wrong").get("/orders").text
    assert 'name="password"' in log_in(quick_site, staff, "nobody", "o").get("/orders").text
    browser = log_in(quick_site, staff, "olga", "o")
    assert "olga · operator" in text(browser.get("/orders"))
    browser.cookies["crossdock"] = browser.cookies["crossdock"][:-4] + "0000"
    assert 'name="password"' in browser.get("/orders").text, "a cookie that we did not sign"
    assert log_in(quick_site, staff, "olga", "o").post("/login", {"name": "olga", "password": "o", "back": "//evil"})


def test_too_many_wrong_passwords_close_the_door_for_a_while(quick_site: Any, staff: Mapping[str, Any]) -> None:
    browser = quick_site.open(users=staff)
    for _ in range(10):
        assert browser.post("/login", {"name": "olga", "password": "wrong"}).status == 401
    assert browser.post("/login", {"name": "olga", "password": "o"}).status == 401


def test_roles_bound_what_may_be_done(quick_site: Any, staff: Mapping[str, Any]) -> None:
    viewer = log_in(quick_site, staff, "vera", "v")
    assert "Do something" not in viewer.get("/connections/acme").text
    operator = log_in(quick_site, staff, "olga", "o")
    page = operator.get("/connections/acme").text
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert "Go live" not in page
    assert operator.post("/connections/acme/live", {"token": token, "why": "x"}).status == 403
    assert viewer.post("/connections/acme/pause", {"token": "x", "why": "x"}).status == 403
    assert quick_site.asked == []


def test_a_form_of_another_site_is_refused(quick_site: Any) -> None:
    browser = quick_site.open()
    assert browser.post("/connections/acme/pause", {"why": "x"}).status == 403
    token = browser.get("/connections/acme").text.partition('name="token" value="')[2].partition('"')[0]
    fields = {"token": token, "why": "x"}
    assert browser.post("/connections/acme/pause", fields, origin="http://evil.example").status == 403
    assert quick_site.asked == []
    assert browser.post("/connections/acme/pause", fields, origin="http://127.0.0.1:8377").status == 200


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_programs_get_the_same_as_json(site: Any) -> None:
    failure = park_record(site)
    site.order("1001")
    browser = site.open()
    assert json.loads(browser.get("/api/needs").text)[0]["id"] == failure
    assert json.loads(browser.get(f"/api/needs/{failure}").text)["raw"] == "A;PK;<b>3</b>"
    assert json.loads(browser.get("/api/orders").text)[0]["number"] == "#1001"
    assert json.loads(browser.get("/api/orders/1001").text)["lines"][0]["sources"][0]["node"] == "ACME"
    (figure,) = json.loads(browser.get("/api/stock").text)
    assert (figure["on_hand"], figure["sellable"], figure["bound"]) == ("5", "3", "1")
    assert json.loads(browser.get("/api/today").text)["stuck"] == 1
    assert {each["code"] for each in json.loads(browser.get("/api/connections").text)} == {"acme", "shop"}
    assert json.loads(browser.get("/api/suppliers").text)[0]["documents"] == 1
    assert browser.get("/api/orders/9").status == 404


def test_a_verb_is_posted_as_json_with_a_reason_by_who_may(quick_site: Any, staff: Mapping[str, Any]) -> None:
    quick_site.order("1001")
    browser = quick_site.open(users=staff)
    body = json.dumps({"order": "1001", "why": "fraud?"}).encode()
    assert browser.ask("POST", "/api/verbs/order.hold", body, {"content_type": "application/json"}).status == 401
    named = {"authorization": "Basic " + base64.b64encode(b"olga:o").decode(), "content_type": "application/json"}
    assert browser.ask("POST", "/api/verbs/order.hold", b"{}", named).status == 422
    assert browser.ask("POST", "/api/verbs/order.hold", body, {**named, "content_type": "text/plain"}).status == 415
    assert browser.ask("POST", "/api/verbs/connection.live", body, named).status == 403
    done = browser.ask("POST", "/api/verbs/order.hold", body, named)
    assert (done.status, json.loads(done.text)["status"]) == (200, "held")
    assert quick_site.asked[-1][2] == "olga"
    nothing = json.dumps({"order": "9", "why": "x"}).encode()
    assert browser.ask("POST", "/api/verbs/order.hold", nothing, named).status == 409


def test_the_pages_own_files_are_served_and_credited() -> None:
    static = files("hub.web.console").joinpath("static")
    assert "Zero-Clause BSD" in static.joinpath("htmx.LICENSE").read_text()
    assert "htmx" in static.joinpath("htmx.min.js").read_text()


def test_a_text_is_looked_for_step_by_step_and_the_page_says_how_far(
    quick_site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that nobody knows was looked for among all orders, a second of a core at a million."""
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 1)
    for number in ("1001", "2002"):
        quick_site.order(number)
    browser = quick_site.open()
    page = browser.get("/orders?text=01").text
    assert "looked for among all orders" in page
    found, links = [], '</api/orders?text=01>; rel="next"'
    while links:
        reply = browser.get(links.partition("<")[2].partition(">")[0])
        found += [each["number"] for each in json.loads(reply.text)]
        links = reply.header("link")
    assert found == ["#1001"]
    assert "look further back" not in browser.get("/orders?text=2002").text, "a whole number is found at once"


def test_failures_beyond_one_answer_are_led_to(quick_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_MOST", 2)
    for number in range(5):
        quick_site.order(f"{1000 + number}", sku="NOWHERE")
    browser, found, links = quick_site.open(), [], "</api/needs?kind=line>"
    while links:
        reply = browser.get(links.partition("<")[2].partition(">")[0])
        found += [each["id"] for each in json.loads(reply.text)]
        links = reply.header("link")
    assert found == ["l1", "l2", "l3", "l4", "l5"]
