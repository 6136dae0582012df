"""Sending: exactly one, or waiting for the partner's answer; never two, wherever we or the line broke."""

from __future__ import annotations

from dataclasses import replace

from hub.contract import Absent, Found, Receipt
from hub.testing.bench import Bench, Mood
from hub.testing.context import MemoryContext
from hub.testing.drive import deliver, expect, fresh_context, need, opened, rendered


class Sending:
    """What goes out goes out once."""

    def test_rendering_is_repeatable(self, bench: Bench) -> None:
        """The same record and the same numbers give the same bytes and name."""
        need(bench, outbound=True)
        with opened(bench) as connector:
            once = rendered(bench, connector)
            again = rendered(bench, connector)
        expect(once == again, "rendering the same record twice gives different documents")

    def test_a_send_arrives_once_and_can_be_found(self, bench: Bench) -> None:
        """A plain send puts one at the partner, and `find` does not deny it."""
        need(bench, outbound=True)
        context = fresh_context()
        with opened(bench, context) as connector:
            outbound = rendered(bench, connector)
            expect(not isinstance(connector.find(outbound), Found), "find says Found of what was never sent")
            receipt = connector.send(outbound)
            expect(isinstance(receipt, Receipt), f"send returned {receipt!r}, which is no Receipt")
            finding = connector.find(replace(outbound, note=context.notes.get(outbound.key)))
        expect(finding != Absent(), "find says Absent of what was just sent: the hub would send it twice")
        count = bench.received(outbound)
        expect(count == 1, f"after one send the partner holds {count}")

    def test_it_names_the_instants_of_a_send(self, bench: Bench) -> None:
        """A send passes `before_bytes` and then `bytes_sent`, so that crash tests can stop it there."""
        need(bench, outbound=True)
        passed = self._instants(bench)
        expect("before_bytes" in passed, f"send passes {passed}, not before_bytes: call Context.checkpoint")
        expect("bytes_sent" in passed, f"send passes {passed}, not bytes_sent: call Context.checkpoint")
        expect(passed.index("before_bytes") < passed.index("bytes_sent"), "bytes_sent comes before before_bytes")

    def test_a_crash_at_any_instant_of_a_send_never_makes_two(self, bench: Bench) -> None:
        """Killed at each checkpoint in turn, then asked `find`, then resent if absent: one, or waiting."""
        need(bench, outbound=True)
        instants = self._instants(bench)
        for number, instant in enumerate(dict.fromkeys(instants), start=1):
            context = fresh_context()
            context.crash_at = instant
            self._deliver_and_count(bench, number, f"a crash at {instant}", context)

    def test_a_lost_reply_never_makes_two(self, bench: Bench) -> None:
        """The partner did it and its answer was lost: the hub asks, and there is one, or it waits."""
        need(bench, Mood.LOST_REPLY, outbound=True)
        bench.set_mood(Mood.LOST_REPLY)
        self._deliver_and_count(bench, 1, "a lost reply", fresh_context())

    def test_an_outage_during_a_send_never_makes_two(self, bench: Bench) -> None:
        """The partner is down, then hangs, then works: one, or waiting."""
        need(bench, outbound=True)
        for number, mood in enumerate(sorted({Mood.DOWN, Mood.HANG} & bench.moods), start=1):
            bench.set_mood(mood)
            self._deliver_and_count(bench, number, f"a partner that was {mood}", fresh_context())

    def _instants(self, bench: Bench) -> list[str]:
        context = fresh_context()
        with opened(bench, context) as connector:
            connector.send(rendered(bench, connector, number=99))
        return context.passed

    def _deliver_and_count(self, bench: Bench, number: int, after: str, context: MemoryContext) -> None:
        with opened(bench) as connector:
            outbound = rendered(bench, connector, number)
        end = deliver(bench, outbound, context, after_try=bench.calm)
        bench.calm()
        count = bench.received(outbound)
        expect(count <= 1, f"after {after} the partner holds {count} of the same document")
        expect(end == "waiting" or count == 1, f"after {after} the hub believes it sent and the partner holds {count}")
