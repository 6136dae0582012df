"""The contract kit on the NetSuite connector, once for each kind of document that goes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.contract import Profile
from hub.testing import ConnectorContract
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import (
    AccountBench,
    AdjustmentBench,
    BillBench,
    FulfilmentBench,
    PurchaseOrderBench,
    ReceiptBench,
    ShipOrderBench,
    TransferBench,
    WholeOrderBench,
)

Make = Callable[..., Profile]


class TestShipOrders(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return ShipOrderBench(account, make_profile())


class TestPurchaseOrders(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return PurchaseOrderBench(account, make_profile())


class TestFulfilments(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return FulfilmentBench(account, make_profile())


class TestReceipts(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return ReceiptBench(account, make_profile())


class TestBills(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return BillBench(account, make_profile())


class TestAdjustments(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return AdjustmentBench(account, make_profile())


class TestTransferOrders(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return TransferBench(account, make_profile())


class TestWholeOrders(ConnectorContract):
    @pytest.fixture
    def bench(self, account: RunningNetSuite, make_profile: Make) -> AccountBench:
        return WholeOrderBench(account, make_profile(documents=["sales_orders", "orders"], customers="email"))
