"""Documents by mail: from known senders only, each taken once and put away, sent once, honest when nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
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
    Rejected,
    TemporaryFailure,
)
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from hub.testing.context import Crash
from hub.testing.drive import first_page, read_all
from hub.wire.exchange.mail_text import is_allowed, sender_of
from sandbox.moods import Mood as Spell
from tests.files.certificates import self_signed
from tests.files.mail_servers import ACCOUNT, PARTNER, PASSWORD, MailServers


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServers]:
    servers = MailServers(tmp_path, self_signed())
    yield servers
    servers.close()


def settings_for(mail: MailServers, **changed: Any) -> FilesSettings:
    account = ACCOUNT.replace("@", "%40")
    fields = {
        "url": f"imaps://{account}@127.0.0.1:{mail.imap_port}/INBOX",
        "smtp": f"smtps://{account}@127.0.0.1:{mail.smtp_port}",
        "password": PASSWORD,
        "certificate": self_signed().fingerprint,
        "senders": ["*@acme.example"],
        "sender": ACCOUNT,
        "to": [PARTNER],
        "timeouts": {"connect": 2, "reply": 1},
    }
    return FilesSettings.model_validate({**fields, **changed})


@pytest.fixture
def connect(mail: MailServers, profile_for: Callable[..., Profile], context: Any) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def one(**changed: Any) -> Any:
        opened.append(PLUGIN.open(profile_for(None, settings_for(mail, **changed)), context))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def attached(mail: bytes) -> object:
    """The content of the only attachment."""
    (attachment,) = message_from_bytes(mail, policy=policy.default).iter_attachments()
    return attachment.get_payload(decode=True)


class MailBench:
    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    _SPELLS: ClassVar = {
        Mood.BUSY: Spell.BUSY,
        Mood.DOWN: Spell.DOWN,
        Mood.HANG: Spell.HANG,
        Mood.LOCKED_OUT: Spell.LOCKED_OUT,
        Mood.PICKY: Spell.PICKY,
        Mood.LOST_REPLY: Spell.LOST_REPLY,
    }
    moods = frozenset(_SPELLS)

    def __init__(self, mail: MailServers, profile: Profile, order_of: Callable[[int], Record]) -> None:
        self.mail, self.profile, self.record = mail, profile, order_of
        self.secrets = profile.settings.secrets()  # type: ignore[attr-defined]
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.mail.place({f"inventory-{self._placed}.csv": f"SKU-{self._placed},{self._placed}\n"})

    def place_bad(self) -> int:
        self.mail.place({"inventory-a.csv": "CUP,1\nPOT,NaN\nPAN,3\n"})
        self.mail.place({"inventory-b.csv": "LID,4\n"})
        return 3

    def received(self, outbound: Outbound) -> int:
        return sum(attached(mail) == outbound.content for _to, mail in self.mail.sent)

    def set_mood(self, mood: Mood) -> None:
        self.mail.mood(self._SPELLS[mood], times=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.mail.moods.calm()


class TestFilesByMail(ConnectorContract):
    changed: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def bench(self, mail: MailServers, profile_for: Callable[..., Profile], order_of: Any) -> MailBench:
        return MailBench(mail, profile_for(None, settings_for(mail, **self.changed)), order_of)


class TestFilesByMailWithASentFolder(TestFilesByMail):
    changed: ClassVar[dict[str, Any]] = {"sent_folder": "Sent", "after": "leave"}


# --- in --------------------------------------------------------------------------------------------------------------


def test_an_attachment_is_taken_and_its_mail_moved(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory.csv": "CUP,7\n", "logo.png": b"\x89PNG"})
    ((item,), cursor) = read_all(connect(), "stock")
    assert (item.name, item.content) == ("inventory.csv", b"CUP,7\n")
    assert item.key == "INBOX:1:1:0:inventory.csv"
    assert item.at is not None
    assert item.at.isoformat() == "2026-11-20T06:00:00+00:00"
    assert (mail.in_folder(), mail.in_folder("done")) == (0, 1)
    assert read_all(connect(), "stock", cursor)[0] == []


def test_mail_of_anybody_else_is_left_alone(mail: MailServers, connect: Callable[..., Any]) -> None:
    for sender in (
        "mallory@evil.example",
        '"edi@acme.example" <mallory@evil.example>',
        "a@acme.example, b@evil.example",
    ):
        mail.place({"inventory.csv": "CUP,0\n"}, sender=sender)
    assert read_all(connect(), "stock")[0] == []
    assert mail.in_folder() == 3


@pytest.mark.parametrize(
    ("after", "left", "flags"), [("archive", 0, None), ("delete", 0, None), ("leave", 1, {r"\Seen"})]
)
def test_what_becomes_of_a_mail_that_was_taken(
    mail: MailServers, connect: Callable[..., Any], after: str, left: int, flags: Any
) -> None:
    mail.place({"inventory.csv": "CUP,7\n"})
    _items, cursor = read_all(connect(after=after), "stock")
    assert mail.in_folder() == left
    if flags is not None:
        assert mail.box.folders["INBOX"].letters[0].flags == flags
    assert read_all(connect(after=after), "stock", cursor)[0] == []


def test_a_mail_with_two_documents_is_moved_when_both_are_taken(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory.csv": "CUP,7\n", "ACK_1.csv": "POT,1\n"})
    assert [item.name for item in read_all(connect(), "stock")[0]] == ["inventory.csv"]
    assert (mail.in_folder(), mail.in_folder("done")) == (1, 0)
    assert [item.name for item in read_all(connect(), "acks")[0]] == ["ACK_1.csv"]
    assert (mail.in_folder(), mail.in_folder("done")) == (0, 1)


def test_a_mail_that_a_crash_left_is_put_away_by_the_next_sweep(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory.csv": "CUP,7\n"})
    page = first_page(connect(), "stock")
    assert mail.in_folder() == 1
    assert read_all(connect(), "stock", page.cursor)[0] == []
    assert (mail.in_folder(), mail.in_folder("done")) == (0, 1)


def test_a_mailbox_that_was_made_anew_gives_new_keys(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory.csv": "CUP,7\n"})
    (first,), cursor = read_all(connect(), "stock")
    mail.box.make("INBOX")
    mail.place({"inventory.csv": "CUP,8\n"})
    (second,), _ = read_all(connect(), "stock", cursor)
    assert first.key != second.key


def test_a_mail_that_is_too_large_is_told_and_not_fetched(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory-1.csv": b"x" * 200_000})
    mail.place({"inventory-2.csv": "CUP,2\n"})
    connector = connect(max_file_bytes=1000)
    large, small = read_all(connector, "stock")[0]
    (bad,) = connector.parse("stock", large)
    assert isinstance(bad, BadRecord)
    assert "more than max_file_bytes=1000 allows" in bad.what
    assert small.content == b"CUP,2\n"
    assert not [call for call in mail.moods.calls[ACCOUNT] if call.startswith("uid fetch 1 (BODY")]


def test_names_come_without_folders(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"..\\..\\inventory-Bücher.csv": "CUP,7\n"})
    assert [item.name for item in read_all(connect(), "stock")[0]] == ["inventory-Bücher.csv"]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"From: Acme <EDI@Acme.example>\r\n\r\n", "edi@acme.example"),
        (b"From: =?utf-8?q?Acm=C3=A9?= <edi@acme.example>\r\n\r\n", "edi@acme.example"),
        (b"From: a@acme.example\r\nFrom: b@evil.example\r\n\r\n", ""),
        (b"Subject: nobody\r\n\r\n", ""),
    ],
)
def test_a_sender_is_one_address_or_nobody(header: bytes, address: str) -> None:
    assert sender_of(header) == address


def test_senders_are_addresses_or_patterns() -> None:
    assert is_allowed("edi@acme.example", ("*@acme.example",))
    assert is_allowed("edi@acme.example", ("EDI@acme.example",))
    assert not is_allowed("edi@acme.example.evil.example", ("*@acme.example",))
    assert not is_allowed("", ("*",))


# --- out -------------------------------------------------------------------------------------------------------------


def test_a_document_goes_out_as_an_attachment(
    mail: MailServers, connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    receipt = connect(subject="Order {name}").send(outbound())
    ((to, sent),) = mail.sent
    assert to == [PARTNER]
    message = message_from_bytes(sent, policy=policy.default)
    assert message["Subject"] == "Order PO_P1.csv"
    assert message["Message-ID"] == receipt.reference
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "PO_P1.csv"
    assert attached(sent) == b"P1,CUP,3\n"


def test_every_byte_arrives_as_it_was(mail: MailServers, connect: Callable[..., Any]) -> None:
    content = bytes(range(256)) * 400 + b"\r\n.\r\n..\n.\n\r" + "ä".encode("cp1252")
    connect().send(Outbound(document="orders", key="P1", content=content, name="/in/PO_1.xlsx"))
    assert attached(mail.sent[0][1]) == content


def test_the_message_id_is_the_same_for_every_try(
    connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    ids = {connect().send(outbound(1)).reference, connect().send(outbound(1)).reference}
    assert len(ids) == 1
    assert connect().send(outbound(2)).reference not in ids


@pytest.mark.parametrize(("instant", "finding"), [("before_bytes", Absent), ("bytes_sent", CannotTell)])
def test_after_a_death_at_any_instant_find_knows_what_can_be_known(
    connect: Callable[..., Any], outbound: Callable[..., Outbound], context: Any, instant: str, finding: type
) -> None:
    context.crash_at = instant
    with pytest.raises(Crash):
        connect().send(outbound())
    assert isinstance(connect().find(outbound(note=context.notes.get("P1"))), finding)


def test_after_a_lost_answer_only_a_sent_folder_tells(
    mail: MailServers, connect: Callable[..., Any], outbound: Callable[..., Outbound], context: Any
) -> None:
    mail.mood(Spell.LOST_REPLY, times=1)
    with pytest.raises(OutcomeUnknown):
        connect().send(outbound())
    noted = outbound(note=context.notes["P1"])
    assert isinstance(connect().find(noted), CannotTell)
    assert isinstance(connect(sent_folder="Sent").find(noted), Found)
    mail.box.folders["Sent"].letters.clear()
    assert connect(sent_folder="Sent").find(noted) == Absent()


def test_a_connection_without_smtp_sends_nothing(
    connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    with pytest.raises(Rejected, match="no server for our mail"):
        connect(smtp=None).send(outbound())


def test_a_busy_mail_server_is_tried_again(
    mail: MailServers, connect: Callable[..., Any], outbound: Callable[..., Outbound], context: Any
) -> None:
    mail.mood(Spell.BUSY, on="mail *", times=1)
    with pytest.raises(TemporaryFailure, match="451"):
        connect().send(outbound())
    assert context.notes == {}
    connect().send(outbound())
    assert len(mail.sent) == 1


# --- whom we believe, and what a check says --------------------------------------------------------------------------


def test_servers_that_we_do_not_know_get_no_password(
    mail: MailServers, connect: Callable[..., Any], outbound: Callable[..., Outbound]
) -> None:
    connector = connect(certificate=())
    with pytest.raises(AccessDenied, match="is not trusted") as denied:
        read_all(connector, "stock")
    assert self_signed().fingerprint in denied.value.what
    with pytest.raises(AccessDenied, match="is not trusted"):
        connector.send(outbound())
    assert set(mail.moods.calls) <= {""}


def test_a_check_goes_as_far_as_it_can_without_sending(mail: MailServers, connect: Callable[..., Any]) -> None:
    mail.place({"inventory.csv": "CUP,7\n"})
    health = connect().check()
    assert health.ok
    assert "1 mails of acme in INBOX" in health.sentence
    assert f"mail to {PARTNER} would be taken (none was sent)" in health.sentence
    assert mail.sent == []
    assert mail.in_folder() == 1


def test_a_check_names_every_trouble(connect: Callable[..., Any]) -> None:
    health = connect(sent_folder="Gesendet", smtp_password="wrong-word-123").check()
    assert not health.ok
    assert "could not open folder Gesendet" in health.sentence
    assert "does not let us in" in health.sentence
    assert "wrong-word" not in f"{health}"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"senders": []}, "senders is needed"),
        ({"to": []}, "smtp needs sender"),
        ({"smtp": "http://mail.example"}, "not of the form smtps://"),
        ({"subject": "a\nb"}, "pattern"),
        ({"ready": "stable"}, "of no use with imaps://"),
    ],
)
def test_settings_that_cannot_work_are_refused(mail: MailServers, changed: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings_for(mail, **changed)
