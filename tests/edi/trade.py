"""One X12 partner as tests need it: its mapping file over the house template, its interchanges, an open connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.edi.connector import PLUGIN, EdiConnector
from connectors.edi.settings import EdiSettings
from hub.contract import Profile
from hub.mapping.house import house_folder
from hub.mapping.partner_file import load
from hub.testing.clock import START, FakeClock
from hub.testing.context import MemoryContext
from sandbox.robots import x12 as clerk

OURS, THEIRS = ("ZZ", "OURID"), ("01", "006927180")


def partner_file(
    folder: Path,
    url: str = "sftp://us@edi.example/",
    connection: str = "",
    documents: str = "",
    extends: str = "x12_4010_supplier",
) -> Path:
    """Write the file of a partner that differs from a house template in what is given."""
    path = folder / "north.toml"
    path.write_text(
        f"""version = 1
extends = "{extends}"
[partner]
code = "north"
timezone = "America/Chicago"
[connection]
url = "{url}"
us = {{ qualifier = "ZZ", id = "OURID" }}
them = {{ qualifier = "01", id = "006927180" }}
{connection}
{documents}
""",
        encoding="utf-8",
    )
    return path


def profile(path: Path, secrets: dict[str, str] | None = None) -> Profile:
    """Return the partner as the hub opens it."""
    file = load(path, house=house_folder(), settings_models={"edi": EdiSettings}, secrets=(secrets or {}).get)
    return file.profile()


def connect(folder: Path, **file: Any) -> EdiConnector:
    """Open a connection that has not dialled yet."""
    opened = PLUGIN.open(profile(partner_file(folder, **file)), MemoryContext(FakeClock()))
    assert isinstance(opened, EdiConnector)
    return opened


def desk(usage: str = "P") -> clerk.Desk:
    """The partner's desk, which numbers its interchanges from 1."""
    return clerk.Desk(THEIRS, OURS, usage)


def stock(at: clerk.Desk, quantity: str = "4", sku: str = "CUP") -> bytes:
    """An interchange with one 846 of one line."""
    body = ["BIA*00*SI*INV1*20261120", f"LIN**VN*N-77*SK*{sku}", f"QTY*33*{quantity}*EA"]
    return at.envelope("846", [body], START)
