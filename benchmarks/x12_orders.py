"""From 850s to sales orders, as the house template for customers maps them: what `benchmarks.x12` times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from connectors.edi.settings import EdiSettings
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.reader import transaction_sets
from hub.mapping.house import house_folder
from hub.mapping.inward import Inward
from hub.mapping.partner_file import load
from hub.mapping.translator import Documents
from hub.model.order import SalesOrder

#: Who sends them, as far as it matters.
_CUSTOMER = """version = 1
extends = "x12_4010_customer"
[partner]
code = "shop"
name = "Shop"
[connection]
url = "sftp://us@edi.example/"
us = { id = "US" }
them = { id = "THEM" }
"""


def orders() -> Inward:
    """Return the document that makes sales orders of 850s, as the house template for customers says."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "shop.toml"
        path.write_text(_CUSTOMER, "utf-8")
        file = load(path, house=house_folder(), settings_models={"edi": EdiSettings}, secrets={}.get)
    translator = file.profile().translator
    assert isinstance(translator, Documents)
    return translator.inward["sales"]


def canonical(source: Iterable[bytes], document: Inward, check: StandardCheck | None = None) -> None:
    """Make a sales order of every 850; with `check` each is held against the standard before, as the connector does."""
    for one in transaction_sets(source):
        if check is not None and (faults := check(one)):
            raise ValueError(faults[0])
        (order,) = document.parse_sets([one])
        if not isinstance(order, SalesOrder):
            raise TypeError(order)
