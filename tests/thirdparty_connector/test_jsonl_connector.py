"""A third party's connector: installed from its own distribution, found by entry point, held to the contract."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar

import pytest

from hub.contract import ENTRY_POINT_GROUP, Outbound, Plugin, Profile
from hub.model.base import Record
from hub.model.partner import Partner, Role
from hub.model.purchase import PurchaseLine, PurchaseOrder
from hub.services.directory import find_plugins
from hub.testing import ConnectorContract, Mood
from hub.testing.clock import START

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """The connector as an operator gets it: installed from its distribution into a place of its own."""
    site = tmp_path_factory.mktemp("site-packages")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *offline, str(HERE)], check=True, timeout=90)
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    (found,) = entry_points(group=ENTRY_POINT_GROUP, name="jsonl")
    yield found.load()
    sys.path.remove(str(site))
    for name in [name for name in sys.modules if name.split(".")[0] == "crossdock_jsonl"]:
        del sys.modules[name]


class JsonlBench:
    """A folder, and a partner that is no more than what stands in it."""

    inbound = "stock"
    outbound = "orders"
    several_pages = 5
    moods = frozenset({Mood.DOWN, Mood.PICKY})
    secrets: ClassVar = {}

    def __init__(self, plugin: Plugin, folder: Path) -> None:
        self.plugin = plugin
        self.folder = folder
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        settings = plugin.about.settings.model_validate({"folder": folder})
        self.profile = Profile(partner=Partner(code="acme", role=Role.SUPPLIER), settings=settings)
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            line = f'{{"sku": "SKU-{self._placed}", "quantity": "{self._placed}"}}\n'
            (self.folder / f"out/{self._placed:06}.jsonl").write_text(line)

    def place_bad(self) -> int:
        self.place(2)
        (self.folder / "out/900000.jsonl").write_text(
            '{"sku": "CUP", "quantity": "NaN"}\n{"sku": "POT", "quantity": "2"}\n'
        )
        return 3

    def record(self, number: int) -> Record:
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

    def received(self, outbound: Outbound) -> int:
        return sum(path.read_bytes() == outbound.content for path in (self.folder / "in").glob("*.jsonl"))

    def set_mood(self, mood: Mood) -> None:
        if mood is Mood.DOWN:
            self.folder.rename(self.folder.with_name("unmounted"))
        else:
            for number in range(1, 9):
                (self.folder / f"in/P{number}.jsonl").write_text("another order\n")

    def calm(self) -> None:
        away = self.folder.with_name("unmounted")
        if away.exists():
            away.rename(self.folder)


class TestJsonl(ConnectorContract):
    @pytest.fixture
    def bench(self, plugin: Plugin, tmp_path: Path) -> JsonlBench:
        return JsonlBench(plugin, tmp_path / "acme")


def test_the_hub_finds_it_beside_its_own(plugin: Plugin) -> None:
    found = find_plugins()
    assert found["jsonl"] is plugin
    assert {"files", "shopify"} <= set(found)
