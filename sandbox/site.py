"""The whole simulation inside one event loop: shop, SFTP server, robots and control, sharing moods and time."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from secrets import token_hex

import asyncssh

from hub.clock import Clock
from sandbox.houses import PartnerHouses
from sandbox.moods import Moods
from sandbox.netsuite.keeper import BooksKeeper
from sandbox.options import Options
from sandbox.partner_files import API_VERSION, Addresses, write_buyer_file, write_partner_files
from sandbox.plan import Firm, Item, Kind, LinePlan, World
from sandbox.robots import sap_buyer
from sandbox.robots.book import Book
from sandbox.robots.doors import FolderDoor
from sandbox.robots.robot import Robot, Yard
from sandbox.robots.sap_buyer import SapBuyer
from sandbox.sftp import SftpSite
from sandbox.shop.access import Access
from sandbox.shop.api import Api, route
from sandbox.shop.bucket import LeakyBucket
from sandbox.shop.documents import Writer
from sandbox.shop.goods_calls import GoodsCalls
from sandbox.shop.graphql.bulk import BulkQueries
from sandbox.shop.graphql.calls import GraphQLCalls
from sandbox.shop.order_calls import OrderCalls
from sandbox.shop.shop import Shop
from sandbox.shop.state import Location, Order
from sandbox.shop.webhooks import Webhooks
from sandbox.web import WebServer


class Site:
    """Everything of one sandbox; made and used inside its event loop only."""

    def __init__(self, folder: Path, options: Options, world: World, clock: Clock) -> None:
        self.folder, self.options, self.world, self.clock = folder, options, world, clock
        self.moods, self.book = Moods(), Book()
        self.token = _kept(folder, "shop_token") or f"shpat_{token_hex(16)}"
        self.passwords = {firm.code: _kept(folder, f"{firm.code}_password") or token_hex(12) for firm in world.firms}
        self.access = Access(self.token, "sandbox-app", _kept(folder, "shop_client_secret") or token_hex(16), clock)
        self.shop = _stocked_shop(world, clock)
        self.bucket, self.points = LeakyBucket(options.bucket, clock), LeakyBucket(options.points, clock)
        self.to_come = options.orders
        self.info: dict[str, object] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: list[asyncio.Task[None]] = []
        yard = Yard(
            clock, self.moods, self.book, self._later, options.behaviour, world.items, world.currency, options.seed
        )
        self.houses = PartnerHouses(folder, world.firms, self.passwords, self.moods, self._arrived)
        self.robots = {
            firm.code: Robot(firm, self.houses.door(firm), folder / "desks" / firm.code, yard) for firm in world.firms
        }
        self.buyer = self._new_buyer() if options.buyer else None
        self._keeper = BooksKeeper(world, clock) if options.books else None
        self._sftp = SftpSite(folder / "sftp", self.passwords, self.moods, self._arrived)
        writer = Writer(world.currency, world.timezone, self.shop.new_id())
        self.webhooks = Webhooks(
            secret=lambda: self.access.client_secret,
            shop_domain="sandbox.myshopify.example",
            version=API_VERSION,
            manners=options.hooks,
            new_id=self.shop.new_id,
            later=self._later,
        )
        self.shop.watchers.append(lambda topic, order: self.webhooks.tell(topic, lambda: writer.order(order)))
        self.bulk = BulkQueries(self.shop, clock, options.bulk_looks)
        routes = (
            *self.webhooks.routes(),
            *OrderCalls(self.shop, writer).routes(),
            *GoodsCalls(self.shop, writer, world.timezone).routes(),
            route("POST", "/graphql.json", GraphQLCalls(self.shop, options.points, self.points, self.bulk).serve),
        )
        self._web = WebServer(Api(routes, self.access, self.bucket, self.moods, self.bulk.download).handle)
        self._ports = {"shop": options.shop_port, "sftp": options.sftp_port, **dict.fromkeys(self.houses.servers(), 0)}
        self._host_key = _host_key(folder)

    def _new_buyer(self) -> SapBuyer:
        code = sap_buyer.CODE
        self.passwords[code] = _kept(self.folder, f"{code}_password") or token_hex(12)
        door, desk = FolderDoor(self.folder / "sftp" / code), self.folder / "desks" / code
        return SapBuyer(door, desk, self.world.firms[0].place, self.world.items, self.clock.now)

    # --- life ---

    async def open(self) -> None:
        """Open every server, place the orders and write the partners' files."""
        for left_over in ("sftp", "desks", "exchange"):  # of an earlier run, whose orders nobody remembers
            shutil.rmtree(self.folder / left_over, ignore_errors=True)
        for robot in self.robots.values():
            robot.open()
        if self.buyer is not None:
            self.buyer.open()
        for door in self._ports:
            await self.reopen(door)
        self._say_where()
        if self._keeper is not None:
            self._keeper.write_files(self.folder, await self._keeper.start(0))
        if self.options.rate:
            self._tasks.append(asyncio.create_task(self._trickle()))
        else:
            self.place(self.to_come)
            self.to_come = 0
        self._tasks.append(asyncio.create_task(self._sweep()))

    async def close(self) -> None:
        """Close every server and drop whatever was planned."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._timers:
            timer.cancel()
        await self.webhooks.close()
        for door in self._ports:
            await self.shut(door)
        if self._keeper is not None:
            await self._keeper.close()

    async def shut(self, door: str) -> None:
        """Refuse connections to the `shop`, the `sftp`, `web`, `imap` or `smtp` server, and cut those that stand."""
        if door == "shop":
            await self._web.close()
        elif door == "sftp":
            await self._sftp.close()
        else:
            await self.houses.close(door)

    async def reopen(self, door: str) -> None:
        """Listen again where it listened before."""
        if door == "shop":
            self._ports[door] = await self._web.start(self._ports[door])
            self.bulk.address = f"http://localhost:{self._ports[door]}"  # another host, as it is in truth
        elif door == "sftp":
            self._ports[door] = await self._sftp.start(self._host_key, self._ports[door])
        else:
            self._ports[door] = await self.houses.start(door, self._ports[door])

    async def _trickle(self) -> None:
        """Place orders at the rate by the clock: what a busy machine held up is made up for."""
        clock, placed = asyncio.get_running_loop().time, 0
        began = clock()
        while self.to_come:
            self.place(1)
            self.to_come -= 1
            placed += 1
            await asyncio.sleep(max(0.0, began + placed / self.options.rate - clock()))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.options.behaviour.sweep_every)
            for robot in self.robots.values():
                robot.sweep()
            if self.buyer is not None:
                self.buyer.sweep()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            work()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def _arrived(self, account: str, path: str) -> None:
        folder, _, name = path.rpartition("/")
        if folder == "/in" and account in self.robots:
            self.robots[account].notice(name)

    # --- what can be asked of it ---

    def place(self, count: int) -> list[Order]:
        """Place so many of the world's next orders; fewer when it has no more."""
        plans = (plan for _, plan in zip(range(count), self.world.orders, strict=False))
        return [self.shop.place(plan) for plan in plans]

    def place_lines(self, lines: Mapping[str, int]) -> Order:
        """Place an order of these quantities by SKU; a SKU that nobody has is listed for sale all the same."""
        for sku in lines.keys() - self.shop.variants.keys():
            self.shop.list_item(Item(sku, f"Unheard of: {sku}", 100, Decimal("9.99")))
        like = next(reversed(self.shop.orders.values())).plan if self.shop.orders else next(self.world.orders)
        wanted = tuple(LinePlan(sku, n, self.shop.variants[sku].item.price) for sku, n in lines.items())
        return self.shop.place(replace(like, lines=wanted))

    def state(self) -> dict[str, object]:
        """Return counts of what happened so far, and whether everything is quiet."""
        robots = list(self.robots.values())
        return {
            "orders_placed": len(self.shop.orders),
            "orders_to_come": self.to_come,
            "lines_placed": sum(1 for _ in self.shop.placed_lines()),
            "fulfilments": sum(len(order.fulfilments) for order in self.shop.orders.values()),
            "order_files_taken": len({(held.partner, held.asked.po) for held in self.book.holdings}),
            "lines_held": sum(held.held > 0 for held in self.book.holdings),
            "lines_shipped": sum(held.shipped > 0 for held in self.book.holdings),
            "files_waiting": sum(robot.inbox + robot.unread for robot in robots),
            "unreadable": {robot.firm.code: robot.unreadable for robot in robots if robot.unreadable},
            **({"books": self._keeper.counts()} if self._keeper is not None else {}),
            "throttled": self.bucket.refused + self.points.refused,
            "settled": not self.to_come and all(robot.settled for robot in robots),
            "moods": [
                {"partner": spell.partner, "mood": spell.mood, "on": spell.on, "left": spell.left}
                for spell in self.moods.spells
            ],
        }

    def calls(self, partner: str | None = None) -> dict[str, dict[str, int]]:
        """Return how often each call arrived, by partner."""
        return {code: dict(calls) for code, calls in self.moods.calls.items() if partner in (None, code)}

    def audit(self) -> dict[str, list[dict[str, object]]]:
        """Return what the auditor compares: placed at the shop, held by partners, fulfilled at the shop."""
        return {
            "placed": list(self.shop.placed_lines()),
            "held": list(self.book.rows()),
            "fulfilled": list(self.shop.fulfilled_lines()),
        }

    def tamper(self, action: str, number: str | None) -> str:
        """Remove an order from a partner's book or copy one; returns its number. For tests of the auditor."""
        candidates = self.book.single_line_numbers()
        chosen = number or (candidates[0] if candidates else None)
        change = {"remove": self.book.remove, "copy": self.book.copy}.get(action)
        if change is None:
            raise ValueError(f"action must be remove or copy, not {action!r}")
        if chosen is None or not change(chosen):
            raise ValueError(f"no partner holds an order {chosen or 'of one line'}")
        return chosen

    def bought(self) -> dict[str, object]:
        """Return what the customer that runs SAP has ordered, what it was told of it, and what it could not read."""
        buyer = self._that_buys()
        return {"orders": buyer.told(), "unreadable": buyer.unreadable, "statuses": buyer.statuses}

    def buy(self, lines: Mapping[str, int]) -> str:
        """Let the customer that runs SAP order these quantities by SKU; returns the number of its order."""
        return self._that_buys().order(lines)

    def amend(self, number: str, item: str, quantity: int) -> None:
        """Let it want another quantity of an item of its order."""
        self._that_buys().change(number, item, quantity)

    def _that_buys(self) -> SapBuyer:
        if self.buyer is None:
            raise ValueError("there is no customer that runs SAP: start the sandbox with --buyer")
        return self.buyer

    def cancel(self, order_id: int) -> None:
        """Cancel at the shop what has not shipped of an order."""
        self.shop.cancel(self.shop.orders[order_id])

    def _say_where(self) -> None:
        """Write the partners' files and gather what `sandbox.json` will say."""
        *own, drop_ship = self.shop.locations
        ours = [firm.node for firm in self.world.firms if firm.kind is Kind.WAREHOUSE]
        places = dict(zip(ours, own, strict=True))
        shop_url, sftp_port = f"http://127.0.0.1:{self._ports['shop']}", self._ports["sftp"]
        host_key = self._host_key.get_fingerprint()
        certificate = self.houses.certificate
        addresses = Addresses(
            shop_url, sftp_port, host_key, places, drop_ship, self._ports, certificate, self.folder / "exchange"
        )
        secrets = {f"{code}_password": password for code, password in self.passwords.items()}
        secrets |= {"shop_token": self.token, "shop_client_secret": self.access.client_secret}
        write_partner_files(self.folder, self.world, addresses, secrets)
        if self.buyer is not None:
            write_buyer_file(self.folder, self.world, addresses)
        self.info |= {
            "shop_url": shop_url,
            "shop_token": self.token,
            "shop_client_id": self.access.client_id,
            "shop_client_secret": self.access.client_secret,
            "api_version": API_VERSION,
            "locations": {"warehouse": str(own[0]), "drop_ship": str(drop_ship)},
            "sftp_host": "127.0.0.1",
            "sftp_port": sftp_port,
            "host_key": host_key,
            "passwords": self.passwords,
            "currency": self.world.currency,
            "partners": ["shop", *self.robots],
            "orders": self.options.orders,
            "seed": self.options.seed,
            "ports": dict(self._ports),
            "placement": dict(self.world.placement),
            "pid": os.getpid(),
        }


def _kept(folder: Path, secret: str) -> str | None:
    """Return a secret of an earlier run in this folder, so that whoever knows it can go on."""
    path = folder / "secrets" / secret
    return path.read_text(encoding="utf-8") if path.exists() else None


def _host_key(folder: Path) -> asyncssh.SSHKey:
    """Return the server's key, made once and kept in the folder."""
    path = folder / "host_key"
    if path.exists():
        return asyncssh.read_private_key(str(path))
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    path.write_bytes(key.export_private_key())
    return key


def _stocked_shop(world: World, clock: Clock) -> Shop:
    """Return the shop with a location for each place of ours and one for drop ship, every item, and the stock there."""
    shop = Shop(clock)
    ours = [firm for firm in world.firms if firm.kind is Kind.WAREHOUSE]
    others = [firm for firm in world.firms if firm.kind is Kind.SUPPLIER]
    variants = {sku: shop.list_item(item) for sku, item in world.items.items()}
    for name, firms in (*((firm.name, [firm]) for firm in ours), ("Drop ship suppliers", others)):
        place = firms[0] if firms else ours[0]
        location = Location(shop.new_id(), name, place.place, place.street)
        shop.open_location(location)
        for sku, quantity in _stock_of(firms).items():
            shop.set_level(variants[sku], location, quantity)
    return shop


def _stock_of(firms: list[Firm]) -> dict[str, int]:
    stock: dict[str, int] = {}
    for firm in firms:
        for offer in firm.offers:
            stock[offer.sku] = stock.get(offer.sku, 0) + offer.stock
    return stock
