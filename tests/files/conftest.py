"""A throw-away SFTP server (asyncssh, as the sandbox runs it), a translator of few words, and connections to both."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import BadRecord, Connector, DocumentSpec, Outbound, Profile
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.partner import Partner, Role
from hub.model.purchase import PurchaseLine, PurchaseOrder
from hub.model.stock import StockLevel
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryContext
from sandbox.moods import Mood, Moods
from sandbox.sftp import SftpSite
from tests.files.openssh_server import OpenSsh, make_keys

PASSWORD = "canary-Xq7-not-a-word"


class SmallTranslator:
    """Lines `SKU,quantity` in, one line an order line out: what a mapping file would say, without one."""

    PATTERNS: ClassVar = {"stock": "/out/inventory*.csv", "acks": "/out/ACK_*.csv", "orders": "/in/PO_{number}.csv"}

    def documents(self) -> tuple[DocumentSpec, ...]:
        return (
            DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL),
            DocumentSpec("acks", Direction.IN, Kind.STOCK_LEVEL),
            DocumentSpec("orders", Direction.OUT, Kind.PURCHASE_ORDER),
        )

    def files(self, document: str) -> str:
        return self.PATTERNS[document]

    def parse(self, document: str, content: bytes) -> Iterator[Record | BadRecord]:  # noqa: ARG002
        for row, line in enumerate(content.decode().splitlines(), start=1):
            sku, _, quantity = line.partition(",")
            try:
                yield StockLevel(sku=sku, quantity=quantity)
            except ValueError as error:
                yield BadRecord(str(error), record=f"row {row}", raw=line)

    def render(self, document: str, record: Record) -> bytes:  # noqa: ARG002
        assert isinstance(record, PurchaseOrder)
        return "".join(f"{record.number},{line.sku},{line.quantity}\n" for line in record.lines).encode()

    def file_name(self, document: str, record: Record) -> str:  # noqa: ARG002
        assert isinstance(record, PurchaseOrder)
        return f"/in/PO_{record.number}.csv"


def purchase_order(number: int) -> PurchaseOrder:
    line = PurchaseLine(line_number=1, sku="CUP", quantity="3", channel_line="11")
    return PurchaseOrder(
        number=f"P{number}",
        node="ACME",
        supplier="acme",
        currency="USD",
        order_id="1",
        channel="shop",
        channel_order="1",
        channel_number="#1001",
        ordered_at=START,
        lines=(line,),
    )


@dataclass
class Server:
    """An SFTP server in a thread of its own; `folder` is what the account `acme` sees as its root."""

    root: Path
    host_keys: list[Any]
    site_type: Callable[..., SftpSite] = SftpSite
    moods: Moods = field(default_factory=Moods)
    arrived: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.folder = self.root / "acme"
        for name in ("in", "out"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp-server", daemon=True)
        self._thread.start()
        self.site = self.site_type(self.root, {"acme": PASSWORD}, self.moods, self._note_arrival)
        self.start()

    def start(self) -> None:
        self.port = self._run(self.site.start(self.host_keys[0], self.port))

    def stop(self) -> None:
        """Be down: refuse connections and cut those there are."""
        self._run(self.site.close())

    def close(self) -> None:
        self.stop()
        self._run(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _rest(self) -> None:
        """Let what still runs for cut connections come to its end."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _note_arrival(self, _account: str, path: str) -> None:
        self.arrived.append(path)

    @property
    def fingerprint(self) -> str:
        return str(self.host_keys[0].get_fingerprint())

    def mood(self, mood: Mood, *, on: str | None = None, times: int | None = None) -> None:
        self.moods.cast("acme", mood, on=on, for_calls=times)

    def calls(self, verb: str) -> list[str]:
        """The paths of every call of that verb that arrived."""
        seen = self.moods.calls.get("acme", {})
        return [call.partition(" ")[2] for call, count in seen.items() for _ in range(count) if call.startswith(verb)]

    def put(self, path: str, content: str | bytes, modified: int | None = None) -> Path:
        """Let a file stand at the partner, as its account sees the path."""
        target = self.folder / path.lstrip("/")
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if modified is not None:
            os.utime(target, (modified, modified))
        return target

    def names(self, folder: str) -> list[str]:
        """What stands in a folder, folders left out."""
        return sorted(each.name for each in (self.folder / folder.lstrip("/")).iterdir() if each.is_file())


_KEYS: dict[str, Any] = {}


def host_key(kind: str = "ssh-ed25519") -> Any:
    """A host key of a kind, the same one all along: making RSA keys takes a while."""
    if kind not in _KEYS:
        _KEYS[kind] = asyncssh.generate_private_key(kind)
    return _KEYS[kind]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers; all of them end with the test."""
    servers: list[Server] = []

    def start(*kinds: str, site_type: Callable[..., SftpSite] = SftpSite) -> Server:
        keys = [host_key(kind) for kind in kinds or ("ssh-ed25519",)]
        servers.append(Server(tmp_path / f"site{len(servers)}", keys, site_type))
        return servers[-1]

    yield start
    for each in servers:
        each.close()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture
def settings_for() -> Callable[..., FilesSettings]:
    """The settings of a connection to a server, quick to give up."""

    def settings(server: Server, **changed: Any) -> FilesSettings:
        fields = {
            "url": f"sftp://acme@127.0.0.1:{server.port}/",
            "password": PASSWORD,
            "host_key": server.fingerprint,
            "ready": "rename",
            "timeouts": {"connect": 2, "banner": 2, "auth": 1, "reply": 1},
        }
        return FilesSettings.model_validate({**fields, **changed})

    return settings


@pytest.fixture
def context(clock: FakeClock) -> MemoryContext:
    return MemoryContext(clock)


@pytest.fixture
def profile_for(settings_for: Callable[..., FilesSettings]) -> Callable[..., Profile]:
    def profile(server: Server | None, settings: FilesSettings | None = None, **changed: Any) -> Profile:
        partner = Partner(code="acme", name="Acme", role=Role.SUPPLIER)
        settings = settings or settings_for(server, **changed)
        return Profile(partner=partner, settings=settings, translator=SmallTranslator())

    return profile


@pytest.fixture
def connect(profile_for: Callable[..., Profile], context: MemoryContext) -> Iterator[Callable[..., Connector]]:
    """Open connections to a server; all of them are closed with the test."""
    opened: list[Connector] = []

    def open_one(server: Server, **changed: Any) -> Connector:
        opened.append(PLUGIN.open(profile_for(server, **changed), context))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def outbound() -> Callable[..., Outbound]:
    """Purchase order P<number> as it leaves."""

    def make(number: int = 1, note: str | None = None, content: bytes | None = None) -> Outbound:
        order, translator = purchase_order(number), SmallTranslator()
        name = translator.file_name("orders", order)
        content = translator.render("orders", order) if content is None else content
        return Outbound(document="orders", key=f"P{number}", content=content, name=name, note=note)

    return make


@pytest.fixture
def order_of() -> Callable[[int], PurchaseOrder]:
    return purchase_order


@pytest.fixture
def repository(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def sshd(tmp_path: Path, keys: Path) -> Iterator[OpenSsh]:
    server = OpenSsh(tmp_path, keys)
    yield server
    server.stop()
