"""The kit catches what it is there for: a connector without a flaw passes, and every flaw fails where it should."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from unittest import SkipTest
from uuid import uuid4

import pytest
from pydantic import BaseModel, SecretStr

from hub.contract import (
    About,
    Absent,
    AccessDenied,
    BadRecord,
    Context,
    DocumentSpec,
    Finding,
    Found,
    Health,
    Numbers,
    Outbound,
    OutcomeUnknown,
    Page,
    Profile,
    RateLimited,
    RawItem,
    Receipt,
    Rejected,
    Rendered,
    TemporaryFailure,
)
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.partner import Partner, Role
from hub.model.stock import StockLevel, StockPush, StockPushRow
from hub.testing import ConnectorContract, Mood

SECRET = "canary-word-9f2c"


class Settings(BaseModel):
    token: SecretStr = SecretStr(SECRET)


class TalkativeSettings(BaseModel):
    token: str = SECRET


class Shop:
    """The simulated partner: a list of what it offers and a list of what it was sent."""

    def __init__(self) -> None:
        self.offered: list[str] = []
        self.got: list[str] = []
        self.mood: Mood | None = None

    def call(self) -> None:
        match self.mood:
            case Mood.BUSY:
                raise RateLimited("slow down", after=1)
            case Mood.DOWN:
                raise TemporaryFailure("refused")
            case Mood.HANG:
                raise TemporaryFailure("no answer in time")
            case Mood.LOCKED_OUT:
                raise AccessDenied("401", todo="renew the token")

    def take(self, text: str) -> None:
        self.call()
        if self.mood is Mood.PICKY:
            raise Rejected("no such SKU")
        self.got.append(text)
        if self.mood is Mood.LOST_REPLY:
            self.mood = None
            raise OutcomeUnknown("the answer was lost")


class Flawless:
    """A connector as it should be; every flaw is a subclass."""

    documents_: ClassVar = (
        DocumentSpec("in", Direction.IN, Kind.STOCK_LEVEL),
        DocumentSpec("out", Direction.OUT, Kind.STOCK_PUSH),
    )

    def __init__(self, shop: Shop, profile: Profile, context: Context) -> None:
        self.shop, self.profile, self.context = shop, profile, context

    def documents(self) -> tuple[DocumentSpec, ...]:
        return self.documents_

    def check(self) -> Health:
        try:
            self.shop.call()
        except (TemporaryFailure, AccessDenied, RateLimited) as error:
            return Health(ok=False, sentence=error.what)
        return Health(ok=True, sentence="the shop answers")

    def fetch(self, _document: str, cursor: str | None) -> Iterator[Page]:
        self.shop.call()
        for start in range(int(cursor or 0), len(self.shop.offered), 2):
            rows = self.shop.offered[start : start + 2]
            items = tuple(self.item(start + number, row) for number, row in enumerate(rows))
            yield Page(items, cursor=str(start + len(items)))

    def item(self, number: int, row: str) -> RawItem:
        return RawItem(key=str(number), content=row.encode())

    def parse(self, _document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        sku, _, quantity = item.content.decode().partition(",")
        try:
            yield StockLevel(sku=sku, quantity=quantity)
        except ValueError:
            yield BadRecord("no number", record=item.key)

    def render(self, _document: str, record: Record, _numbers: Numbers) -> Rendered:
        return Rendered(record.model_dump_json().encode())

    def send(self, outbound: Outbound) -> Receipt:
        self.context.checkpoint("before_bytes")
        self.shop.take(outbound.key)
        self.context.checkpoint("bytes_sent")
        return Receipt()

    def find(self, outbound: Outbound) -> Finding:
        self.shop.call()
        return Found() if outbound.key in self.shop.got else Absent()

    def close(self) -> None:
        pass


class Kit:
    """The bench, and the plugin at once."""

    inbound = "in"
    outbound = "out"
    several_pages = 3
    moods = frozenset(Mood)
    secrets: ClassVar = {"token": SECRET}
    settings: BaseModel = Settings()
    about = About(
        name="memo",
        summary="A shop in memory.",
        settings=Settings,
        reads=frozenset({Kind.STOCK_LEVEL}),
        writes=frozenset({Kind.STOCK_PUSH}),
    )

    def __init__(self, kind: type[Flawless] = Flawless) -> None:
        self.shop = Shop()
        self.kind = kind
        self.plugin = self
        self.profile = Profile(partner=Partner(code="memo", role=Role.CHANNEL), settings=self.settings)

    def open(self, profile: Profile, context: Context) -> Flawless:
        return self.kind(self.shop, profile, context)

    def place(self, count: int) -> None:
        start = len(self.shop.offered)
        self.shop.offered += [f"SKU-{start + number},{number}" for number in range(count)]

    def place_bad(self) -> int:
        self.shop.offered += ["CUP,1", "POT,NaN", "PAN,3"]
        return 2

    def record(self, number: int) -> Record:
        return StockPush(rows=(StockPushRow(sku="CUP", location="1", quantity=str(number)),))

    def received(self, outbound: Outbound) -> int:
        return self.shop.got.count(outbound.key)

    def set_mood(self, mood: Mood) -> None:
        self.shop.mood = mood

    def calm(self) -> None:
        self.shop.mood = None


def failed_tests(bench: Kit) -> set[str]:
    """The kit's tests that fail for this bench, each on a bench of its own."""
    failed = set()
    for name in sorted(name for name in dir(ConnectorContract) if name.startswith("test_")):
        try:
            getattr(ConnectorContract(), name)(type(bench)(bench.kind))
        except SkipTest:
            continue
        except Exception:  # noqa: BLE001 - a failure is a failure, however it shows
            failed.add(name.removeprefix("test_"))
    return failed


def test_a_connector_without_a_flaw_passes() -> None:
    assert failed_tests(Kit()) == set()


class KeysAtRandom(Flawless):
    def item(self, _number: int, row: str) -> RawItem:
        return RawItem(key=uuid4().hex, content=row.encode())


class OneKeyForAll(Flawless):
    def item(self, _number: int, row: str) -> RawItem:
        return RawItem(key="stock", content=row.encode())


class ReadingAllAgain(KeysAtRandom):
    def fetch(self, document: str, _cursor: str | None) -> Iterator[Page]:
        yield from super().fetch(document, None)


class StoppingForGood(Flawless):
    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        if cursor is None:
            yield from super().fetch(document, cursor)


class SkippingAPage(Flawless):
    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(document, cursor):
            yield Page(page.items, cursor=str(int(page.cursor or 0) + 1))


class CursorAtTheEnd(Flawless):
    """The cursor of every page says that all is read: right only for those who never stop."""

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        for page in super().fetch(document, cursor):
            yield Page(page.items, cursor=str(len(self.shop.offered)))


class RaisingAtABadRecord(Flawless):
    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        for each in super().parse(document, item):
            if isinstance(each, BadRecord):
                raise each
            yield each


class SwallowingABadRecord(Flawless):
    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        yield from (each for each in super().parse(document, item) if not isinstance(each, BadRecord))


class ParsingByMood(Flawless):
    def parse(self, _document: str, _item: RawItem) -> Iterator[Record | BadRecord]:
        yield StockLevel(sku=uuid4().hex, quantity="1")


class RenderingByMood(Flawless):
    def render(self, _document: str, _record: Record, _numbers: Numbers) -> Rendered:
        return Rendered(uuid4().bytes)


class NeverFinding(Flawless):
    def find(self, _outbound: Outbound) -> Finding:
        return Absent()


class AlwaysFinding(Flawless):
    def find(self, _outbound: Outbound) -> Finding:
        return Found()


class RepeatingWhatMayHaveArrived(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except OutcomeUnknown as error:
            raise TemporaryFailure(error.what) from None


class WithoutCheckpoints(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        self.shop.take(outbound.key)
        return Receipt()


class CallingRefusalAnOutage(Flawless):
    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        try:
            yield from super().fetch(document, cursor)
        except AccessDenied as error:
            raise TemporaryFailure(error.what) from None


class CallingAnOutageARefusal(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except TemporaryFailure as error:
            raise Rejected(error.what) from None


class WithoutAdvice(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except AccessDenied as error:
            raise AccessDenied(error.what) from None


class NotNoticingRefusal(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except Rejected:
            return Receipt()


class SecretInAnError(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except TemporaryFailure as error:
            raise TemporaryFailure(error.what, extract=f"token={SECRET}") from None


class SecretInACause(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        try:
            return super().send(outbound)
        except AccessDenied as error:
            raise AccessDenied(error.what, todo=error.todo) from ValueError(SECRET)


class SecretInALog(Flawless):
    def check(self) -> Health:
        logging.getLogger("memo").debug("asking", extra={"fields": {"headers": {"token": SECRET}}})
        return super().check()


class SecretInANote(Flawless):
    def send(self, outbound: Outbound) -> Receipt:
        self.context.note(outbound.key, SECRET)
        return super().send(outbound)


class RaisingAtCheck(Flawless):
    def check(self) -> Health:
        self.shop.call()
        return Health(ok=True, sentence="fine")


class SayingNothing(Flawless):
    def check(self) -> Health:
        return Health(ok=True, sentence="")


class LeavingAThread(Flawless):
    def check(self) -> Health:
        threading.Thread(target=_let_go.wait, daemon=True).start()
        return super().check()


class LeavingASocket(Flawless):
    def check(self) -> Health:
        _sockets.append(socket.socket())
        return super().check()


class WorkingWhenOpened(Flawless):
    def __init__(self, shop: Shop, profile: Profile, context: Context) -> None:
        super().__init__(shop, profile, context)
        shop.call()


class ClosingOnce(Flawless):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise ValueError("closed already")
        self.closed = True


class DoingMoreThanItSays(Flawless):
    documents_ = (*Flawless.documents_, DocumentSpec("more", Direction.OUT, Kind.PURCHASE_ORDER))


_let_go = threading.Event()
_sockets: list[socket.socket] = []


@pytest.fixture
def _let_everything_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("hub.testing.drive._GRACE", 0.05)
    _let_go.clear()
    yield
    _let_go.set()
    for each in _sockets:
        each.close()
    _sockets.clear()


@pytest.mark.usefixtures("_let_everything_go")
@pytest.mark.parametrize(
    ("flaw", "caught_by"),
    [
        (KeysAtRandom, "the_same_input_has_the_same_keys"),
        (ReadingAllAgain, "what_was_read_is_not_read_again"),
        (StoppingForGood, "what_was_read_is_not_read_again"),
        (OneKeyForAll, "the_same_input_has_the_same_keys"),
        (SkippingAPage, "stopping_after_the_first_page_leaves_no_gap"),
        (CursorAtTheEnd, "stopping_after_the_first_page_leaves_no_gap"),
        (RaisingAtABadRecord, "one_bad_record_is_parked_and_the_rest_arrives"),
        (SwallowingABadRecord, "one_bad_record_is_parked_and_the_rest_arrives"),
        (ParsingByMood, "parsing_is_pure"),
        (RenderingByMood, "rendering_is_repeatable"),
        (NeverFinding, "a_lost_reply_never_makes_two"),
        (NeverFinding, "a_crash_at_any_instant_of_a_send_never_makes_two"),
        (NeverFinding, "a_send_arrives_once_and_can_be_found"),
        (AlwaysFinding, "a_crash_at_any_instant_of_a_send_never_makes_two"),
        (AlwaysFinding, "a_send_arrives_once_and_can_be_found"),
        (RepeatingWhatMayHaveArrived, "a_lost_reply_never_makes_two"),
        (WithoutCheckpoints, "it_names_the_instants_of_a_send"),
        (CallingRefusalAnOutage, "a_partner_that_locks_us_out_denies_access"),
        (CallingAnOutageARefusal, "a_partner_that_is_down_is_tried_again"),
        (CallingAnOutageARefusal, "a_partner_that_hangs_is_given_up_in_time"),
        (WithoutAdvice, "a_partner_that_locks_us_out_denies_access"),
        (NotNoticingRefusal, "a_picky_partner_rejects"),
        (SecretInAnError, "a_secret_appears_in_no_log_error_or_note"),
        (SecretInACause, "a_secret_appears_in_no_log_error_or_note"),
        (SecretInALog, "a_secret_appears_in_no_log_error_or_note"),
        (SecretInANote, "a_secret_appears_in_no_log_error_or_note"),
        (RaisingAtCheck, "check_says_no_instead_of_raising"),
        (SayingNothing, "check_says_yes_in_a_sentence"),
        (LeavingAThread, "close_leaves_no_thread_or_socket"),
        (LeavingASocket, "close_leaves_no_thread_or_socket"),
        (WorkingWhenOpened, "opening_does_no_io"),
        (ClosingOnce, "close_may_come_early_and_twice"),
        (DoingMoreThanItSays, "its_documents_are_among_what_it_can_do"),
    ],
)
def test_every_flaw_is_caught(flaw: type[Flawless], caught_by: str) -> None:
    assert caught_by in failed_tests(Kit(flaw))


def test_settings_that_show_a_secret_are_caught() -> None:
    class Talkative(Kit):
        settings: BaseModel = TalkativeSettings()
        about = About(
            name="memo",
            summary="A shop in memory.",
            settings=TalkativeSettings,
            reads=Kit.about.reads,
            writes=Kit.about.writes,
        )

    assert failed_tests(Talkative()) == {"a_secret_appears_in_no_log_error_or_note"}


def test_a_failure_never_shows_the_secret_itself() -> None:
    bench: Any = Kit(SecretInALog)
    with pytest.raises(AssertionError, match="the secret 'token' can be read in a log record of memo") as failure:
        ConnectorContract().test_a_secret_appears_in_no_log_error_or_note(bench)
    assert SECRET not in str(failure.value)


def test_a_connector_that_only_reads_skips_what_is_about_sending() -> None:
    bench: Any = Kit()
    bench.outbound = ""
    with pytest.raises(SkipTest, match="writes nothing"):
        ConnectorContract().test_a_lost_reply_never_makes_two(bench)


def test_a_claim_about_what_it_cannot_do_is_caught() -> None:
    class Boasting(Kit):
        about = About(
            name="Memo",
            summary=" ",
            settings=Settings,
            reads=Kit.about.reads,
            writes=Kit.about.writes,
            idempotent=frozenset({Kind.INVOICE}),
        )

    assert failed_tests(Boasting()) == {"about_says_what_it_is"}
