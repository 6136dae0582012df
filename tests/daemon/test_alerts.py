"""People are told once, of many things together, not at night, and not lost when their channel is down."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from functools import partial
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from pydantic import ValidationError

from hub.delivery.links import Links
from hub.delivery.outcomes import NoOutcomes
from hub.delivery.policy import RetryPolicy
from hub.delivery.runner import EmbeddedRunner
from hub.model.document import Kind
from hub.model.money import ExchangeRates
from hub.model.state import DeliveryState
from hub.routing.rules import RoutingRules
from hub.services.alerting import alerts, notices
from hub.services.alerting.alert_channels import Channels, NotTold
from hub.services.alerting.alert_settings import AlertChannel, AlertsSection
from hub.services.attention import failures
from hub.services.attention.failure import Filters
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.services.syncing import connections as services
from hub.store import connections, deliveries
from hub.store.delivery_row import Delivery
from hub.store.engine import Store
from hub.store.tables import connector_state
from hub.testing.clock import FakeClock

OPS = {"name": "ops", "kind": "command", "command": ["true"]}
DOWN = {"name": "down", "when": "connection_down", "than": "10m"}

MAIL = {"name": "mail", "kind": "email", "smtp": "m.example:25", "sender": "h@m.example", "to": ["a@x.example"]}


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> Desk:
    with store.write() as tx:
        for code in ("acme", "bolt"):
            connections.ensure(tx, code, "files", "h", clock.now())
    return Desk(store, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")


def settings(**more: Any) -> AlertsSection:
    return AlertsSection.model_validate({"channels": [OPS], "rules": [DOWN], **more})


def outage(desk: Desk, *codes: str) -> None:
    with desk.store.write() as tx:
        for code in codes:
            connections.outage_started(tx, code, "connection refused", desk.clock.now())


class Inbox(Channels):
    """A channel that people read, and that may be down."""

    def __init__(self) -> None:
        super().__init__({}.get)
        self.got: list[tuple[str, str]] = []
        self.down = False

    def send(self, _channel: AlertChannel, subject: str, text: str) -> None:
        if self.down:
            raise NotTold("down")
        self.got.append((subject, text))


def runner(desk: Desk, section: AlertsSection, inbox: Channels) -> EmbeddedRunner:
    plugins: dict[str, Any] = {notices.CONNECTOR: notices.NoticePlugin(inbox)}
    links = Links(desk.store, plugins, lambda code: notices.profile(section, code), desk.clock)
    return EmbeddedRunner(desk.store, links, NoOutcomes(), RetryPolicy(attempts=3, first_delay=5), desk.clock)


def go(desk: Desk, section: AlertsSection, inbox: Channels) -> None:
    alerts.look(desk, section)
    runner(desk, section, inbox).run_due()


def ledger(desk: Desk) -> list[Delivery]:
    with desk.store.read() as tx:
        return deliveries.search(tx, kind=Kind.NOTICE)


def test_an_outage_that_lasts_is_told_once_with_what_to_do_and_its_end_once(desk: Any) -> None:
    inbox = Inbox()
    outage(desk, "acme")
    go(desk, settings(), inbox)
    assert inbox.got == []
    desk.clock.advance(601)
    for _ in range(3):
        go(desk, settings(), inbox)
    ((subject, text),) = inbox.got
    assert subject == "Crossdock: 1 new, 0 over"
    assert "acme cannot be reached" in text
    assert "do: ask acme" in text
    with desk.store.write() as tx:
        connections.outage_ended(tx, "acme", desk.clock.now())
    go(desk, settings(), inbox)
    assert inbox.got[1][0] == "Crossdock: 0 new, 1 over"


def test_what_happens_together_is_told_together(desk: Any) -> None:
    inbox = Inbox()
    outage(desk, "acme", "bolt")
    desk.clock.advance(601)
    go(desk, settings(), inbox)
    assert [subject for subject, _ in inbox.got] == ["Crossdock: 2 new, 0 over"]


def test_a_notice_is_a_delivery_with_its_attempts(desk: Any) -> None:
    inbox = Inbox()
    inbox.down = True
    outage(desk, "acme")
    desk.clock.advance(601)
    go(desk, settings(), inbox)
    (waiting,) = ledger(desk)
    assert (waiting.state, waiting.tries, waiting.connection) == (DeliveryState.WAITING, 1, "alerts/ops")
    inbox.down = False
    go(desk, settings(), inbox)
    assert inbox.got == []
    desk.clock.advance(600)
    go(desk, settings(), inbox)
    assert len(inbox.got) == 1
    (done,) = ledger(desk)
    assert done.state is DeliveryState.CONFIRMED
    with desk.store.read() as tx:
        assert [each.outcome for each in deliveries.attempts(tx, done.id)] == ["TemporaryFailure", "confirmed"]


def test_a_notice_that_never_goes_stands_among_the_failures_and_goes_when_rerun(desk: Any) -> None:
    inbox = Inbox()
    inbox.down = True
    outage(desk, "acme")
    desk.clock.advance(601)
    for _ in range(8):
        go(desk, settings(), inbox)
        desk.clock.advance(7200)
    (parked,) = ledger(desk)
    assert parked.state is DeliveryState.PARKED
    with desk.store.write() as tx:
        (failure,) = failures.list_failures(tx, desk.clock.now(), Filters(partner="alerts/ops"))
        assert failure.error == "down"
        failures.rerun(tx, desk, [failure.id], "ann")
    inbox.down = False
    go(desk, settings(), inbox)
    assert len(inbox.got) == 1


def test_what_an_older_version_had_still_to_tell_is_told(desk: Any) -> None:
    old = {"channel": "ops", "subject": "s", "text": "t", "tries": 3, "due_at": desk.clock.now().isoformat()}
    row = {"connection": "hub/alerts", "value": json.dumps(old), "updated_at": desk.clock.now()}
    with desk.store.write() as tx:
        tx.execute(connector_state.insert(), [{**row, "key": "notice/000000000001"}])
    inbox = Inbox()
    for _ in range(2):
        go(desk, settings(), inbox)
    assert inbox.got == [("s", "t")]


def test_ways_to_people_are_listed_and_are_no_partners(desk: Any) -> None:
    outage(desk, "acme")
    desk.clock.advance(601)
    go(desk, settings(), Inbox())
    with desk.store.read() as tx:
        (view,) = [each for each in services.listing(tx, desk) if each.code == "alerts/ops"]
    assert (view.role, view.connector, view.mode, view.trouble) == ("people", "notice", "live", "")


def test_the_night_is_quiet_but_for_what_is_urgent(desk: Any) -> None:
    at = desk.clock.now() + timedelta(seconds=601)
    quiet = f"{at - timedelta(hours=1):%H:%M}-{at + timedelta(hours=1):%H:%M}"
    inbox = Inbox()
    outage(desk, "acme")
    desk.clock.advance(601)
    go(desk, settings(quiet=quiet), inbox)
    assert inbox.got == []
    go(desk, settings(quiet=quiet, rules=[{**DOWN, "urgent": True}]), inbox)
    assert len(inbox.got) == 1


def test_what_came_and_went_in_the_night_is_not_told(desk: Any) -> None:
    inbox = Inbox()
    outage(desk, "acme")
    desk.clock.advance(601)
    now = desk.clock.now()
    go(desk, settings(quiet=f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"), inbox)
    with desk.store.write() as tx:
        connections.outage_ended(tx, "acme", desk.clock.now())
    go(desk, settings(), inbox)
    assert inbox.got == []


def test_the_summary_comes_once_a_day(desk: Any) -> None:
    inbox = Inbox()
    section = settings(rules=[], digest="00:00")
    go(desk, section, inbox)
    go(desk, section, inbox)
    assert [text.splitlines()[0] for _, text in inbox.got] == ["0 need a person"]
    desk.clock.advance(86_400)
    go(desk, section, inbox)
    assert len(inbox.got) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"channels": [{"name": "ops", "kind": "webhook"}]}, "needs url"),
        ({"rules": [{**DOWN, "to": ["nobody"]}]}, "no such channel"),
        ({"rules": [{**DOWN, "than": "soon"}]}, "not a span"),
        ({"quiet": "at night"}, "quiet"),
        ({"timezone": "Mars"}, "no time zone"),
        ({"quiet": "22:00"}, "'22:00' is no span of hours such as 22:00-07:00"),
        ({"quiet": "22:00+02:00-07:00"}, "no span of hours"),
        ({"quiet": "22:00-07:00-08:00"}, "no span of hours"),
        ({"digest": "7:30"}, "'7:30' is no time of day such as 07:30"),
        ({"digest": "T07:30"}, "no time of day"),
        ({"every_seconds": float("inf")}, "finite"),
        ({"channels": [OPS, OPS]}, "several channels are called ops"),
        ({"rules": [DOWN, {**DOWN, "when": "deliveries_stuck"}]}, "several rules are called down"),
        ({"channels": [{"name": "c", "kind": "webhook", "url": "hooks.example/x"}]}, "must begin with https://"),
        ({"channels": [{**MAIL, "smtp": "mail.example:smtp"}]}, "no host:port"),
        ({"channels": [{**MAIL, "to": ["a@x.example\nBcc: b@x.example"]}]}, "must stand on one line"),
    ],
)
def test_wrong_settings_are_told(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**wrong)


def test_many_things_are_told_in_a_notice_that_a_chat_takes(desk: Any) -> None:
    inbox, many = Inbox(), [f"s{number:03}" for number in range(200)]
    with desk.store.write() as tx:
        for code in many:
            connections.ensure(tx, code, "files", "h", desk.clock.now())
            connections.outage_started(tx, code, "x" * 5000, desk.clock.now())
    desk.clock.advance(601)
    go(desk, settings(), inbox)
    ((subject, text),) = inbox.got
    assert subject == "Crossdock: 200 new, 0 over"
    assert "and 170 more: `crossdock failed list`, `crossdock connection list`" in text
    assert text.count("do: ask s") == 30
    assert len(text) < 40_000


def test_what_a_rule_that_is_gone_had_told_is_not_said_to_be_over(desk: Any) -> None:
    inbox = Inbox()
    outage(desk, "acme")
    desk.clock.advance(601)
    go(desk, settings(), inbox)
    go(desk, settings(rules=[{**DOWN, "name": "other", "than": "9d"}]), inbox)
    assert [subject for subject, _ in inbox.got] == ["Crossdock: 1 new, 0 over"]
    go(desk, settings(), inbox)
    assert [subject for subject, _ in inbox.got] == ["Crossdock: 1 new, 0 over"] * 2


class Postman:
    """A mail server's desk: it keeps what comes, and knows one password."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    def knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"canary", handled=False)


@pytest.fixture
def post() -> Iterator[tuple[Postman, str]]:
    postman, loop = Postman(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncio.Server:
        line = partial(SMTP, postman, authenticator=postman.knows, auth_require_tls=False, loop=loop)
        return await loop.create_server(line, "127.0.0.1", 0)

    async def rest() -> None:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    yield postman, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    asyncio.run_coroutine_threadsafe(rest(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_a_mail_says_the_notice_to_everybody_and_its_password_is_a_secret(post: tuple[Postman, str]) -> None:
    postman, smtp = post
    said = {"smtp": smtp, "tls": False, "sender": "hub@merchant.example", "to": ["ann@x.example", "bob@x.example"]}
    login = {"user": "hub", "password": "secret:mail"}
    channel = AlertChannel.model_validate({"name": "mail", "kind": "email", **said, **login})
    Channels({"mail": "canary"}.get).send(channel, "Crossdock: 1 new", "acme is down:\n\N{EM DASH} ask them")
    (mail,) = postman.mails
    assert (mail["Subject"], mail["From"]) == ("Crossdock: 1 new", "hub@merchant.example")
    assert mail["To"] == "ann@x.example, bob@x.example"
    assert mail["Date"]
    assert mail["Message-ID"].endswith("@merchant.example>")
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode().splitlines() == ["acme is down:", "\N{EM DASH} ask them"]
    with pytest.raises(NotTold, match="secret set mail"):
        Channels({}.get).send(channel, "s", "t")


def test_a_mail_that_is_not_taken_goes_again_and_what_is_kept_of_it_holds_no_password(
    desk: Desk, clock: FakeClock, post: tuple[Postman, str]
) -> None:
    postman, smtp = post
    mail = {"name": "mail", "kind": "email", "smtp": smtp, "tls": False, "sender": "h@m.example", "to": ["a@x.example"]}
    section = settings(channels=[{**mail, "user": "hub", "password": "secret:mail"}])
    outage(desk, "acme")
    clock.advance(600)
    alerts.look(desk, section)
    runner(desk, section, Channels({"mail": "not-the-canary"}.get)).run_due()
    (waiting,) = ledger(desk)
    assert (waiting.state, postman.mails) == (DeliveryState.WAITING, [])
    assert "canary" not in repr(waiting)
    with desk.store.read() as tx:
        (told,) = deliveries.attempts(tx, waiting.id)
    assert "said 535" in str(told.error)
    clock.advance(60)
    runner(desk, section, Channels({"mail": "canary"}.get)).run_due()
    assert len(postman.mails) == 1
