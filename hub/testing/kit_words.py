"""Honesty: a connector is what its `about` says, and answers `check` in a sentence instead of an error."""

from __future__ import annotations

from pydantic import BaseModel

from hub.contract import Health
from hub.model.document import Direction
from hub.testing.bench import Bench, Mood
from hub.testing.drive import expect, need, opened


class Honesty:
    """What a connector says of itself is true."""

    def test_about_says_what_it_is(self, bench: Bench) -> None:
        """`about` has a name, a sentence, a settings model, and claims no idempotence for what it cannot write."""
        about = bench.plugin.about
        expect(about.name == about.name.strip().lower() != "", f"about.name is {about.name!r}: give a lower-case word")
        expect(about.summary.strip(), "about.summary is empty: say in a sentence what it connects to")
        expect(issubclass(about.settings, BaseModel), "about.settings is not a pydantic model")
        expect(isinstance(bench.profile.settings, about.settings), "the profile's settings are not about.settings")
        expect(about.reads or about.writes, "about neither reads nor writes anything")
        stray = about.idempotent - about.writes
        expect(not stray, f"about.idempotent names {sorted(stray)}, which about.writes does not")
        expect(about.page_size >= 1, f"about.page_size is {about.page_size}")

    def test_its_documents_are_among_what_it_can_do(self, bench: Bench) -> None:
        """Every document is of a kind that `about` lists for its direction, under a name of its own."""
        about = bench.plugin.about
        with opened(bench) as connector:
            documents = connector.documents()
        for each in documents:
            able = about.reads if each.direction is Direction.IN else about.writes
            expect(
                each.kind in able, f"document {each.name!r} is {each.kind} {each.direction}, which about does not list"
            )
        named = [each.name for each in documents]
        expect(len(set(named)) == len(named), f"two documents share a name: {sorted(named)}")
        for name in filter(None, (bench.inbound, bench.outbound)):
            expect(name in named, f"the bench's document {name!r} is not among {sorted(named)}")

    def test_opening_does_no_io(self, bench: Bench) -> None:
        """A connection to a partner that is down opens: nothing is sent before the first verb."""
        need(bench, Mood.DOWN)
        bench.set_mood(Mood.DOWN)
        with opened(bench) as connector:
            connector.documents()

    def test_check_says_yes_in_a_sentence(self, bench: Bench) -> None:
        """`check` of a healthy connection is ok and says what works."""
        with opened(bench) as connector:
            health = connector.check()
        expect(health.ok, f"check of a healthy partner says no: {health.sentence}")
        _one_sentence(health)

    def test_check_says_no_instead_of_raising(self, bench: Bench) -> None:
        """`check` of a partner that is down, or that refuses us, is not ok and says why."""
        need(bench, Mood.DOWN)
        for mood in (Mood.DOWN, Mood.LOCKED_OUT):
            if mood in bench.moods:
                bench.set_mood(mood)
                with opened(bench) as connector:
                    health = connector.check()
                bench.calm()
                expect(not health.ok, f"check says {health.sentence!r} of a partner that is {mood}")
                _one_sentence(health)


def _one_sentence(health: Health) -> None:
    expect(health.sentence.strip(), "check gives no sentence")
    expect("\n" not in health.sentence.strip(), f"check's sentence has several lines: {health.sentence!r}")
