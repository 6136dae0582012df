"""Manners: the right error for each kind of trouble, silence about secrets, and a tidy leaving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from unittest import SkipTest

from hub.contract import (
    AccessDenied,
    Connector,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.testing.bench import Bench, Mood
from hub.testing.drive import expect, fresh_context, leaving_nothing, need, opened, read_all, rendered
from hub.testing.eavesdrop import Eavesdropper, eavesdropping

_WHEN_READING: dict[Mood, tuple[type[ConnectorError], ...]] = {
    Mood.BUSY: (RateLimited, TemporaryFailure),
    Mood.DOWN: (TemporaryFailure,),
    Mood.HANG: (TemporaryFailure,),
    Mood.LOCKED_OUT: (AccessDenied,),
}
_WHEN_SENDING: dict[Mood, tuple[type[ConnectorError], ...]] = {
    **_WHEN_READING,
    Mood.DOWN: (TemporaryFailure, OutcomeUnknown),
    Mood.HANG: (TemporaryFailure, OutcomeUnknown),
    Mood.PICKY: (Rejected,),
}


class Moods:
    """The error class alone decides what the hub does, so each trouble has to have the right one."""

    def test_a_busy_partner_is_tried_again(self, bench: Bench) -> None:
        """Too many calls, a lock: RateLimited or TemporaryFailure."""
        self._misbehaving(bench, Mood.BUSY)

    def test_a_partner_that_is_down_is_tried_again(self, bench: Bench) -> None:
        """No connection: TemporaryFailure; when bytes may have left, OutcomeUnknown."""
        self._misbehaving(bench, Mood.DOWN)

    def test_a_partner_that_hangs_is_given_up_in_time(self, bench: Bench) -> None:
        """No answer: after the settings' own timeouts TemporaryFailure, or OutcomeUnknown when bytes may have left."""
        self._misbehaving(bench, Mood.HANG)

    def test_a_partner_that_locks_us_out_denies_access(self, bench: Bench) -> None:
        """Credentials not accepted: AccessDenied, and what to do."""
        self._misbehaving(bench, Mood.LOCKED_OUT)

    def test_a_picky_partner_rejects(self, bench: Bench) -> None:
        """Read and refused: Rejected, which is never sent again by itself."""
        self._misbehaving(bench, Mood.PICKY)

    def _misbehaving(self, bench: Bench, mood: Mood) -> None:
        need(bench, mood)
        if bench.inbound and mood in _WHEN_READING:
            bench.place(1)
            bench.set_mood(mood)
            _refused(bench, mood, lambda connector: read_all(connector, bench.inbound), _WHEN_READING[mood], "reading")
            bench.calm()
            with opened(bench) as connector:
                expect(read_all(connector, bench.inbound)[0], f"what waited while the partner was {mood} never came")
        if bench.outbound:
            with opened(bench) as connector:
                outbound = rendered(bench, connector)
            bench.set_mood(mood)
            _refused(bench, mood, lambda connector: connector.send(outbound), _WHEN_SENDING[mood], "sending")
            bench.calm()


def _refused(
    bench: Bench,
    mood: Mood,
    verb: Callable[[Connector], object],
    allowed: tuple[type[ConnectorError], ...],
    doing: str,
) -> None:
    right = " or ".join(each.__name__ for each in allowed)
    with opened(bench) as connector:
        try:
            verb(connector)
        except ConnectorError as error:
            name = type(error).__name__
            expect(
                isinstance(error, allowed), f"{doing} from a partner that is {mood} raised {name}, not {right}: {error}"
            )
            expect(error.what.strip(), f"the {name} of a partner that is {mood} does not say what happened")
            need_todo = isinstance(error, AccessDenied)
            expect(error.todo.strip() or not need_todo, f"the AccessDenied does not say what to do: {error.what}")
        else:
            expect(False, f"{doing} from a partner that is {mood} raised nothing, not {right}")


class Discretion:
    """Secrets stay secret."""

    def test_a_secret_appears_in_no_log_error_or_note(self, bench: Bench) -> None:
        """Not in a log record, an error, a note, a receipt, nor in any repr, whatever the partner's mood."""
        if not bench.secrets:
            raise SkipTest("the profile has no secret")
        with eavesdropping(bench.secrets) as ear:
            for number, mood in enumerate((None, *sorted(bench.moods)), start=1):
                if bench.inbound:
                    bench.place(1)
                if mood is not None:
                    bench.set_mood(mood)
                _say_everything(bench, ear, number)
                bench.calm()
        ear.expect_silence()


def _say_everything(bench: Bench, ear: Eavesdropper, number: int) -> None:
    context = fresh_context()
    with opened(bench, context) as connector:
        ear.hear("a repr", bench.profile, bench.plugin, connector, connector.documents())
        _hear(ear, "check", connector.check)
        if bench.inbound:
            _hear(ear, "fetch", lambda: read_all(connector, bench.inbound))
        if bench.outbound:
            outbound = rendered(bench, connector, number)
            ear.hear("a rendered document", outbound)
            _hear(ear, "send", lambda: connector.send(outbound))
            _hear(ear, "find", lambda: connector.find(replace(outbound, note=context.notes.get(outbound.key))))
    ear.hear("a note", context.notes)


def _hear(ear: Eavesdropper, what: str, verb: Callable[[], object]) -> None:
    try:
        ear.hear(f"the answer of {what}", verb())
    except ConnectorError as error:
        ear.hear(f"an error of {what}", error)


class Tidiness:
    """A closed connection is gone."""

    def test_close_leaves_no_thread_or_socket(self, bench: Bench) -> None:
        """After check, fetch and send: nothing of the connection is left."""
        with leaving_nothing("a closed connection"), opened(bench) as connector:
            connector.check()
            if bench.inbound:
                bench.place(1)
                read_all(connector, bench.inbound)
            if bench.outbound:
                connector.send(rendered(bench, connector))

    def test_close_leaves_nothing_after_trouble_either(self, bench: Bench) -> None:
        """A connection that broke, hung or was refused is gone too once it is closed."""
        for mood in sorted({Mood.DOWN, Mood.HANG, Mood.LOCKED_OUT} & bench.moods):
            with leaving_nothing(f"a connection to a partner that was {mood}"), opened(bench) as connector:
                bench.set_mood(mood)
                connector.check()
                bench.calm()

    def test_close_may_come_early_and_twice(self, bench: Bench) -> None:
        """Closing what was never used, or is closed already, is nothing."""
        with leaving_nothing("a connection that was never used"), opened(bench) as connector:
            connector.close()
