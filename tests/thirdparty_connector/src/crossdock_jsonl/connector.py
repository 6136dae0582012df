"""Stock in and purchase orders out as JSON lines: the whole connector, for somebody who writes their first one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.contract import (
    About,
    Absent,
    BadRecord,
    Connector,
    Context,
    DocumentSpec,
    Finding,
    Found,
    Health,
    Mode,
    Numbers,
    Outbound,
    Page,
    Profile,
    RawItem,
    Receipt,
    Rejected,
    Rendered,
    TemporaryFailure,
)
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.purchase import PurchaseOrder
from hub.model.stock import StockLevel

STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL, Mode.SNAPSHOT)
ORDERS = DocumentSpec("orders", Direction.OUT, Kind.PURCHASE_ORDER)


class JsonlSettings(BaseModel):
    """What a partner file sets under `[connection]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path


ABOUT = About(
    name="jsonl",
    summary="JSON lines through a local folder.",
    settings=JsonlSettings,
    reads=frozenset({Kind.STOCK_LEVEL}),
    writes=frozenset({Kind.PURCHASE_ORDER}),
    idempotent=frozenset({Kind.PURCHASE_ORDER}),
    page_size=2,
)


class JsonlConnector:
    """One partner's folder: `out` holds what is for us, `in` what is for them."""

    def __init__(self, folder: Path, context: Context) -> None:
        self._folder = folder
        self._context = context

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the two documents that there are."""
        return STOCK, ORDERS

    def check(self) -> Health:
        """Say whether both folders are there."""
        try:
            waiting = len(self._files("out"))
            self._files("in")
        except TemporaryFailure as error:
            return Health(ok=False, sentence=error.what, todo=error.todo)
        return Health(ok=True, sentence=f"{waiting} files stand in {self._folder / 'out'}")

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:  # noqa: ARG002 - there is one inbound document
        """Yield the files whose names come after the cursor; the partner numbers them upwards."""
        files = [path for path in self._files("out") if path.name > (cursor or "")]
        for start in range(0, len(files), ABOUT.page_size):
            page = files[start : start + ABOUT.page_size]
            yield Page(tuple(_item(path) for path in page), cursor=page[-1].name)

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:  # noqa: ARG002
        """Yield one stock level a line; a line that is none is a bad record."""
        for number, line in enumerate(item.content.decode("utf-8", "replace").splitlines(), start=1):
            try:
                yield StockLevel.model_validate_json(line)
            except ValidationError as error:
                yield BadRecord(error.errors()[0]["msg"], record=f"{item.name} line {number}", raw=line)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:  # noqa: ARG002
        """Return the order as one line, in a file named after its number."""
        if not isinstance(record, PurchaseOrder):
            raise TypeError(f"{type(record).__name__} is no purchase order")
        return Rendered(record.model_dump_json().encode() + b"\n", name=f"{record.number}.jsonl")

    def send(self, outbound: Outbound) -> Receipt:
        """Write the file beside and link it to its name, which fails if that is taken."""
        target = self._folder / "in" / outbound.name
        self._context.checkpoint("before_bytes")
        try:
            half = target.with_suffix(".half")
            half.write_bytes(outbound.content)
            if not target.exists():
                half.rename(target)
        except OSError as error:
            raise TemporaryFailure(f"{target}: {error.strerror}", todo="look at the folder and the disk") from error
        self._context.checkpoint("bytes_sent")
        if target.read_bytes() != outbound.content:
            raise Rejected(f"{target} exists and holds another order", todo="look at both")
        return Receipt(reference=outbound.name)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether the file stands there: the partner never takes one away."""
        target = self._folder / "in" / outbound.name
        if target.exists() and target.read_bytes() == outbound.content:
            return Found(Receipt(reference=outbound.name))
        return Absent()

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self, folder: str) -> list[Path]:
        try:
            return sorted(path for path in (self._folder / folder).iterdir() if path.suffix == ".jsonl")
        except OSError as error:
            what = f"{self._folder / folder}: {error.strerror}"
            raise TemporaryFailure(what, todo="correct `folder`, or mount it") from error


class JsonlPlugin:
    """What the entry point names."""

    @property
    def about(self) -> About:
        """What it is and can do."""
        return ABOUT

    def open(self, profile: Profile, context: Context) -> Connector:
        """Return a connection to the folder of this profile."""
        if not isinstance(profile.settings, JsonlSettings):
            raise TypeError(f"{profile.partner.code}: the jsonl connector needs JsonlSettings")
        return JsonlConnector(profile.settings.folder, context)


PLUGIN = JsonlPlugin()


def _item(path: Path) -> RawItem:
    content = path.read_bytes()
    return RawItem(key=f"{path.name}:{hashlib.sha256(content).hexdigest()[:16]}", content=content, name=path.name)
