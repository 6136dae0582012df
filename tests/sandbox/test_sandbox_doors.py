"""The doors of the example suppliers: a web server with tokens and keys, a mailbox, a folder."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.options import Behaviour, Options
from sandbox.world import RunningSandbox, start

WEB, FOLDER, MAIL = "borealis01", "dovetail01", "evergreen01"
EXACT = Behaviour(reject=0, reduce=0, short=0, two_parcels=0, reaction=0.01, ship_after=0.01, sweep_every=0.1)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Options(orders=1, suppliers=5, items=12, examples=True, behaviour=EXACT)) as running:
        yield running


class Web:
    """A plain client of the web supplier."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._root = f"https://127.0.0.1:{sandbox.info['ports']['web']}/{WEB}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(sandbox.folder / "certificate.pem")
        self._session.headers["Authorization"] = f"Bearer {sandbox.info['passwords'][WEB]}"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        return self._session.request(method, f"{self._root}{path}", timeout=5, **more)

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def web(sandbox: RunningSandbox) -> Iterator[Web]:
    client = Web(sandbox)
    yield client
    client.close()


def test_who_has_no_token_gets_nothing(web: Web) -> None:
    assert web("GET", "/out/inventory.json", headers={"Authorization": "Bearer no"}).status_code == 401
    assert web("GET", "/out/inventory.json").status_code == 200


def test_an_unchanged_document_is_not_sent_twice(web: Web) -> None:
    reply = web("GET", "/out/inventory.json")
    again = web("GET", "/out/inventory.json", headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {each["name"] for each in web("GET", "/out/").json()} == {"inventory.json", "catalogue.json"}


def test_a_document_is_taken_once_under_its_key(web: Web, sandbox: RunningSandbox) -> None:
    put = {"data": b"one", "headers": {"Idempotency-Key": "k1"}}
    assert [web("PUT", "/in/a.txt", **put).status_code for _ in range(2)] == [201, 200]
    assert web("PUT", "/in/a.txt", data=b"two", headers={"Idempotency-Key": "k1"}).status_code == 409
    assert web("PUT", "/in/a.txt", data=b"two", headers={"If-None-Match": "*"}).status_code == 412
    assert (sandbox.folder / "exchange" / WEB / "in" / "a.txt").read_bytes() == b"one"
    assert [web("DELETE", "/in/a.txt").status_code for _ in range(2)] == [204, 404]


def test_nobody_leaves_the_account(web: Web) -> None:
    assert web("GET", "/out/%2e%2e/%2e%2e/sandbox.json").status_code in (400, 404)
    assert web("GET", "/nowhere/").status_code == 404
    assert web("POST", "/in/a.txt").status_code == 405


@pytest.mark.parametrize(("mood", "status"), [("busy", 429), ("unavailable", 503), ("locked_out", 401)])
def test_moods_refuse(web: Web, sandbox: RunningSandbox, mood: str, status: int) -> None:
    sandbox.mood(WEB, mood, for_calls=1)
    assert web("GET", "/out/").status_code == status
    assert web("GET", "/out/").status_code == 200


def test_a_lost_reply_has_done_its_work(web: Web, sandbox: RunningSandbox) -> None:
    sandbox.mood(WEB, "lost_reply", for_calls=1)
    with pytest.raises(requests.ConnectionError):
        web("PUT", "/in/a.txt", data=b"one")
    assert web("GET", "/in/a.txt").content == b"one"


def test_a_shut_door_is_shut_until_it_opens_again(web: Web, sandbox: RunningSandbox) -> None:
    sandbox.shut("web")
    with pytest.raises(requests.ConnectionError):
        web("GET", "/out/")
    sandbox.reopen("web")
    assert web("GET", "/out/").status_code == 200


def tls(sandbox: RunningSandbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(sandbox.folder / "certificate.pem"))


def test_stock_comes_by_mail(sandbox: RunningSandbox) -> None:
    with imaplib.IMAP4_SSL("127.0.0.1", sandbox.info["ports"]["imap"], ssl_context=tls(sandbox), timeout=5) as box:
        box.login(MAIL, sandbox.info["passwords"][MAIL])
        box.select("INBOX")
        _, found = box.uid("SEARCH", "ALL")
        subjects = []
        for uid in found[0].split():
            _, ((_, content), _) = box.uid("FETCH", uid, "(BODY.PEEK[])")
            mail = message_from_bytes(content, policy=policy.default)
            (attachment,) = mail.iter_attachments()
            assert attachment.get_filename() == mail["Subject"]
            subjects.append(mail["Subject"])
    assert sorted(subjects) == ["catalogue.xlsx", "inventory.xlsx"]


def test_what_is_mailed_lands_on_the_partners_desk_and_in_the_sent_folder(sandbox: RunningSandbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "orders@merchant.example", "edi@evergreen01.example", "PO"
    mail["Message-ID"] = "<1@merchant.example>"
    mail.add_attachment(b"no workbook", maintype="application", subtype="octet-stream", filename="PO_X.xlsx")
    with smtplib.SMTP_SSL("127.0.0.1", sandbox.info["ports"]["smtp"], context=tls(sandbox), timeout=5) as line:
        line.login(MAIL, sandbox.info["passwords"][MAIL])
        line.send_message(mail)
    state = sandbox.wait(lambda state: state["unreadable"])
    assert "PO_X.xlsx: not a workbook" in state["unreadable"][MAIL][0]
    with imaplib.IMAP4_SSL("127.0.0.1", sandbox.info["ports"]["imap"], ssl_context=tls(sandbox), timeout=5) as box:
        box.login(MAIL, sandbox.info["passwords"][MAIL])
        box.select("Sent")
        assert box.uid("SEARCH", "HEADER", "Message-ID", '"<1@merchant.example>"') == ("OK", [b"1"])


def test_a_supplier_in_a_folder_looks_for_itself(sandbox: RunningSandbox) -> None:
    inbox = sandbox.folder / "exchange" / FOLDER / "in"
    (inbox / "PO_X.txt").write_bytes(b"no order\r\n")
    assert FOLDER in sandbox.wait(lambda state: state["unreadable"])["unreadable"]
