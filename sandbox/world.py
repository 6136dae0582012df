"""Start a sandbox: one thread, one event loop, every partner on loopback; and talk to it from any other thread."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hub.clock import Clock, SystemClock
from sandbox.control import Control
from sandbox.examples import as_examples, in_one_style
from sandbox.invent import invent
from sandbox.moods import Mood
from sandbox.network import as_network
from sandbox.olist import olist
from sandbox.options import Options
from sandbox.plan import Kind, World
from sandbox.site import Site
from sandbox.web import WebServer

T = TypeVar("T")


def start(folder: Path, options: Options | None = None, clock: Clock | None = None) -> RunningSandbox:
    """Start every partner and return when they are ready; `folder` is the sandbox's own and is made if needed."""
    options = options or Options()
    return RunningSandbox(folder, options, plan_world(options), clock or SystemClock())


def plan_world(options: Options) -> World:
    """Return the world that the options ask for."""
    if options.history is not None:
        return olist(options.history, options.seed, options.orders)
    world = invent(options.seed, options.orders, options.suppliers, options.items)
    if options.books:
        firms = (replace(firm, invoices=firm.kind is Kind.SUPPLIER) for firm in world.firms)
        world = replace(world, firms=tuple(firms))
    if options.network:
        world = as_network(world, options.seed)
    if options.style:
        return in_one_style(world, options.style)
    return as_examples(world) if options.examples else world


class RunningSandbox:
    """A running sandbox; every method may be called from any thread but the sandbox's own."""

    def __init__(self, folder: Path, options: Options, world: World, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sandbox.json").unlink(missing_ok=True)  # it says "ready", and nothing is yet
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._thread.start()
        try:
            self._site, self._control = self._wait(_opened(folder, options, world, clock))
        except BaseException:
            self._stop()
            raise

    @property
    def info(self) -> dict[str, Any]:
        """Return what `sandbox.json` says: addresses, token, passwords, placement."""
        return dict(self._site.info)

    def state(self) -> dict[str, Any]:
        """Return counts of what happened so far, and whether everything is quiet."""
        return self._ask(self._site.state)

    def calls(self, partner: str | None = None) -> dict[str, dict[str, int]]:
        """Return how often each call arrived, by partner."""
        return self._ask(lambda: self._site.calls(partner))

    def place(self, count: int = 1) -> list[str]:
        """Place so many further orders and return the shop's ids of them."""
        return self._ask(lambda: [str(order.id) for order in self._site.place(count)])

    def place_lines(self, lines: Mapping[str, int]) -> str:
        """Place one order of these quantities by SKU, whether anybody has them or not; returns its id."""
        return self._ask(lambda: str(self._site.place_lines(lines).id))

    def cancel(self, order: str) -> None:
        """Cancel at the shop what has not shipped of an order."""
        self._ask(lambda: self._site.cancel(int(order)))

    def mood(
        self,
        partner: str,
        mood: Mood | str,
        *,
        for_calls: int | None = None,
        share: float = 1.0,
        seed: int = 0,
        on: str | None = None,
        seconds: float = 1.0,
    ) -> None:
        """Put a partner ("*": all; the shop is "shop") into a mood, for so many calls or a seeded share of them.

        `on` is a pattern over calls as they are counted: `POST /fulfillments.json`, `rename /in/*`, `login`.
        """
        self._ask(
            lambda: self._site.moods.cast(
                partner, Mood(mood), for_calls=for_calls, share=share, seed=seed, on=on, seconds=seconds
            )
        )

    def calm(self, partner: str = "*") -> None:
        """End every mood of a partner ("*": of all)."""
        self._ask(lambda: self._site.moods.calm(partner))

    def audit(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the auditor compares."""
        return self._ask(self._site.audit)

    def tamper(self, action: str, number: str | None = None) -> str:
        """Remove an order from a partner's book, or copy one; returns its number."""
        return self._ask(lambda: self._site.tamper(action, number))

    def shut(self, door: str) -> None:
        """Refuse connections to the `shop` or to the `sftp` server, and cut those that stand."""
        self._wait(self._site.shut(door))

    def reopen(self, door: str) -> None:
        """Listen again where it listened before."""
        self._wait(self._site.reopen(door))

    def set_stock(self, partner: str, sku: str, quantity: int) -> None:
        """Let a partner count again: from now on it has this much."""
        self._ask(lambda: self._site.robots[partner].set_stock(sku, quantity))

    def wait(self, holds: Callable[[dict[str, Any]], bool], timeout: float = 30.0) -> dict[str, Any]:
        """Wait until something holds of the state, and return that state; raises TimeoutError."""
        until = time.monotonic() + timeout
        while not holds(state := self.state()):
            if time.monotonic() > until:
                raise TimeoutError(f"the sandbox did not get there in {timeout} s: {state}")
            time.sleep(0.02)
        return state

    def close(self) -> None:
        """Stop every partner; no thread and no socket is left."""
        if self._thread.is_alive():
            self._wait(_closed(self._site, self._control))
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, what: Callable[[], T]) -> T:
        async def ask() -> T:
            return what()

        return self._wait(ask())

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _opened(folder: Path, options: Options, world: World, clock: Clock) -> tuple[Site, WebServer]:
    site = Site(folder, options, world, clock)
    await site.open()
    control = WebServer(Control(site).handle)
    port = await control.start(options.control_port)
    site.info["control_url"] = f"http://127.0.0.1:{port}"
    part = folder / ".sandbox.json.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps(site.info, indent=1), encoding="utf-8")
    part.replace(folder / "sandbox.json")
    return site, control


async def _closed(site: Site, control: WebServer) -> None:
    await control.close()
    await site.close()
    # what the servers' libraries left to finish by themselves must not outlive the loop
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
