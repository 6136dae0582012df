"""Documents over the web: read when they changed, sent once, and honest when nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import (
    Absent,
    AccessDenied,
    BadRecord,
    CannotTell,
    Found,
    Outbound,
    OutcomeUnknown,
    Profile,
    RawItem,
    Rejected,
    TemporaryFailure,
)
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from hub.testing.context import Crash
from hub.testing.drive import read_all
from tests.files.certificates import self_signed
from tests.files.web_server import TOKEN, WebServer
from tests.waiting import wait_until


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    server = WebServer(tmp_path, self_signed())
    server.start()
    yield server
    server.close()


def settings_for(web: WebServer, **changed: Any) -> FilesSettings:
    fields = {
        "url": f"https://127.0.0.1:{web.port}/api",
        "token": TOKEN,
        "certificate": self_signed().fingerprint,
        "timeouts": {"connect": 2, "reply": 0.7},
    }
    return FilesSettings.model_validate({**fields, **changed})


@pytest.fixture
def connect(web: WebServer, profile_for: Callable[..., Profile], context: Any) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def one(**changed: Any) -> Any:
        opened.append(PLUGIN.open(profile_for(None, settings_for(web, **changed)), context))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


class OneAddress:
    """A translator whose stock document is one address, not a folder."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def files(self, document: str) -> str:
        return "/out/stock.csv" if document == "stock" else str(self._inner.files(document))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.fixture
def fixed(web: WebServer, profile_for: Callable[..., Profile], context: Any) -> Iterator[Any]:
    """A connection whose stock is one address."""
    profile = profile_for(None, settings_for(web))
    opened = PLUGIN.open(Profile(profile.partner, profile.settings, OneAddress(profile.translator)), context)
    yield opened
    opened.close()


class WebBench:
    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    _SPELLS: ClassVar = {
        Mood.BUSY: "busy",
        Mood.DOWN: "down",
        Mood.HANG: "hang",
        Mood.LOCKED_OUT: "locked_out",
        Mood.PICKY: "picky",
        Mood.LOST_REPLY: "lost_reply",
    }
    moods = frozenset(_SPELLS)

    def __init__(self, web: WebServer, profile: Profile, order_of: Callable[[int], Record]) -> None:
        self.web, self.profile, self.record = web, profile, order_of
        self.secrets = profile.settings.secrets()  # type: ignore[attr-defined]
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.web.put(f"/api/out/inventory-{self._placed:04}.csv", f"SKU-{self._placed},{self._placed}\n")

    def place_bad(self) -> int:
        self.web.put("/api/out/inventory-a.csv", "CUP,1\nPOT,NaN\nPAN,3\n")
        self.web.put("/api/out/inventory-b.csv", "LID,4\n")
        return 3

    def received(self, outbound: Outbound) -> int:
        return sum(1 for _path, key in self.web.keys if key == outbound.key)

    def set_mood(self, mood: Mood) -> None:
        self.web.set_mood(self._SPELLS[mood], 1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.web.set_mood("")


class TestFilesOverTheWeb(ConnectorContract):
    changed: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def bench(self, web: WebServer, profile_for: Callable[..., Profile], order_of: Any) -> WebBench:
        return WebBench(web, profile_for(None, settings_for(web, **self.changed)), order_of)


class TestFilesPostedAndDeleted(TestFilesOverTheWeb):
    changed: ClassVar[dict[str, Any]] = {"upload": "post", "after": "delete"}


# --- in --------------------------------------------------------------------------------------------------------------


def contents(items: list[RawItem]) -> list[bytes]:
    return [item.content for item in items]


@pytest.mark.parametrize("validators", [{"etag", "modified"}, {"etag"}, {"modified"}, set()])
def test_a_document_that_has_not_changed_is_not_taken_twice(web: WebServer, fixed: Any, validators: set[str]) -> None:
    web.validators = frozenset(validators)
    cursor, keys = None, []
    for content, modified in (("CUP,1\n", 1), ("CUP,1\n", 1), ("CUP,2\n", 60), ("CUP,1\n", 120), ("CUP,1\n", 120)):
        web.put("/api/out/stock.csv", content, 1_700_000_000 + modified)
        items, cursor = read_all(fixed, "stock", cursor)
        keys.append([item.key for item in items])
    assert [len(each) for each in keys] == [1, 0, 1, 1, 0]
    assert len({key for each in keys for key in each}) == 3
    assert web.bodies_sent == (3 if validators else 5)


def test_an_address_where_nothing_stands_waits_for_nobody(web: WebServer, fixed: Any) -> None:
    assert read_all(fixed, "stock") == ([], None)
    web.put("/api/out/stock.csv", "CUP,1\n")
    ((item,), _) = read_all(fixed, "stock")
    assert item.at is not None
    assert item.at.timestamp() == 1_700_000_000


@pytest.mark.parametrize("names_as", ["html", "json", "objects"])
def test_a_folder_is_listed_as_links_or_as_names(web: WebServer, connect: Callable[..., Any], names_as: str) -> None:
    web.names_as = names_as
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    web.put("/api/out/inventory-2.csv", "CUP,2\n")
    web.put("/api/out/ACK_1.csv", "x,1\n")
    items, cursor = read_all(connect(), "stock")
    assert contents(items) == [b"CUP,1\n", b"CUP,2\n"]
    assert read_all(connect(), "stock", cursor)[0] == []


def test_what_was_taken_is_deleted_once_it_is_safe(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    pages = connect(after="delete").fetch("stock", None)
    page = next(pages)
    assert "/api/out/inventory-1.csv" in web.documents
    rest = list(pages)
    assert web.documents == {}
    web.calls.clear()
    assert read_all(connect(after="delete"), "stock", rest[-1].cursor)[0] == []
    assert [call for call in web.calls if call.startswith("DELETE")] == []
    assert page.cursor != rest[-1].cursor


def test_a_crash_before_the_deletion_is_made_good(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    cursor = next(iter(connect(after="delete").fetch("stock", None))).cursor
    assert read_all(connect(after="delete"), "stock", cursor)[0] == []
    assert web.documents == {}


def test_half_a_document_is_none(web: WebServer, fixed: Any) -> None:
    web.put("/api/out/stock.csv", "CUP,1\n" * 1000)
    web.set_mood("half")
    with pytest.raises(TemporaryFailure):
        read_all(fixed, "stock")


def test_a_document_that_is_too_large_is_told_once(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n" * 1000)
    web.put("/api/out/inventory-2.csv", "CUP,2\n")
    connector = connect(max_file_bytes=999)
    items, cursor = read_all(connector, "stock")
    (bad,) = connector.parse("stock", items[0])
    assert isinstance(bad, BadRecord)
    assert "larger than 999 bytes" in bad.what
    assert items[1].content == b"CUP,2\n"
    assert read_all(connector, "stock", cursor)[0] == []


def test_a_redirect_is_not_followed(web: WebServer, fixed: Any) -> None:
    web.refuses["GET"] = 302
    with pytest.raises(AccessDenied, match="redirects"):
        read_all(fixed, "stock")


# --- who we are ------------------------------------------------------------------------------------------------------


def test_three_ways_to_say_who_we_are(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    assert len(read_all(connect(), "stock")[0]) == 1
    web.authorization = ("X-Api-Key", TOKEN)
    assert len(read_all(connect(token_header="X-Api-Key"), "stock")[0]) == 1
    web.authorization = ("Authorization", "Basic YWNtZTpjYW5hcnktWHE3LW5vdC1hLXdvcmQ=")
    basic = {"url": f"https://acme@127.0.0.1:{web.port}/api", "token": None, "password": TOKEN}
    assert len(read_all(connect(**basic), "stock")[0]) == 1


@pytest.mark.parametrize(
    ("certificate", "words"),
    [((), "certificate"), (self_signed("other.example").fingerprint, "certificate says SHA256:")],
)
def test_a_server_that_we_do_not_know_gets_nothing_of_ours(
    web: WebServer, connect: Callable[..., Any], certificate: Any, words: str
) -> None:
    with pytest.raises(AccessDenied, match=words):
        read_all(connect(certificate=certificate), "stock")
    assert web.calls == []


def test_a_certificate_given_whole_is_believed(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    assert len(read_all(connect(certificate=self_signed().certificate), "stock")[0]) == 1


# --- out -------------------------------------------------------------------------------------------------------------


def test_a_document_is_put_under_its_name_with_its_key(
    web: WebServer, connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    receipt = connect().send(outbound())
    assert web.documents == {"/api/in/PO_P1.csv": b"P1,CUP,3\n"}
    assert web.keys == [("/api/in/PO_P1.csv", "P1")]
    assert receipt.reference == "/api/in/PO_P1.csv"
    assert not receipt.confirmed


def test_a_posted_document_is_confirmed_by_the_reply(
    web: WebServer, connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    receipt = connect(upload="post").send(outbound())
    assert receipt.confirmed
    assert receipt.reference == "/api/in/A-77"
    assert web.keys == [("/api/in/PO_P1.csv", "P1")]


def test_a_name_that_is_taken_is_never_overwritten(
    web: WebServer, connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    web.put("/api/in/PO_P1.csv", "something else")
    with pytest.raises(Rejected, match="exists already and holds something else"):
        connect().send(outbound())
    web.put("/api/in/PO_P1.csv", outbound().content)
    assert "already" in connect().send(outbound()).reply


@pytest.mark.parametrize(("instant", "finding"), [("before_bytes", Absent), ("bytes_sent", Found)])
def test_after_a_death_at_any_instant_find_knows(
    web: WebServer,
    connect: Callable[..., Any],
    outbound: Callable[..., Outbound],
    context: Any,
    instant: str,
    finding: type,
) -> None:
    context.crash_at = instant
    with pytest.raises(Crash):
        connect().send(outbound())
    if finding is Found:  # the request had left; the server needs an instant for it
        wait_until(lambda: web.documents)
    assert isinstance(connect().find(outbound(note=context.notes.get("P1"))), finding)


def test_what_the_partner_took_away_cannot_be_told_unless_it_promised_to_take_it_once(
    web: WebServer, connect: Callable[..., Any], outbound: Callable[..., Outbound], context: Any
) -> None:
    web.set_mood("lost_reply", 1)
    with pytest.raises(OutcomeUnknown):
        connect().send(outbound())
    noted = outbound(note=context.notes["P1"])
    assert isinstance(connect().find(noted), Found)
    web.documents["/api/taken/PO_P1.csv"] = web.documents.pop("/api/in/PO_P1.csv")
    web.times["/api/taken/PO_P1.csv"] = 0
    assert isinstance(connect().find(noted), CannotTell)
    assert isinstance(connect(visible=["/taken"]).find(noted), Found)
    assert connect(repeatable=True).find(noted) == Absent()


def test_an_address_that_may_not_be_read_cannot_be_told(
    web: WebServer, connect: Callable[..., Any], outbound: Callable[..., Outbound], context: Any
) -> None:
    connect().send(outbound())
    web.refuses["GET"] = 403
    assert isinstance(connect().find(outbound(note=context.notes["P1"])), CannotTell)


# --- check -----------------------------------------------------------------------------------------------------------


def test_a_check_tries_everything_and_leaves_nothing(web: WebServer, connect: Callable[..., Any]) -> None:
    web.put("/api/out/inventory-1.csv", "CUP,1\n")
    health = connect().check()
    assert health.ok
    assert "stock: 1 at " in health.sentence
    assert "can write in /api/in" in health.sentence
    assert [path for path in web.documents if "check" in path] == []
    web.calls.clear()
    assert connect().look().ok
    assert {call.split()[0] for call in web.calls} <= {"GET", "HEAD"}


def test_a_check_says_what_to_ask_for(web: WebServer, connect: Callable[..., Any]) -> None:
    web.refuses["PUT"] = 403
    health = connect().check()
    assert not health.ok
    assert health.todo == "ask acme for write permission in /api/in"


def test_settings_that_contradict_each_other_are_refused(web: WebServer) -> None:
    for changed, words in (
        ({"after": "archive"}, "no archive folder"),
        ({"password": "word"}, "go together"),
        ({"rename": "plain"}, "of no use with https://"),
    ):
        with pytest.raises(ValueError, match=words):
            settings_for(web, **changed)
