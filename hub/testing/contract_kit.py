"""The contract kit: what every connector owes the hub, as tests that you inherit.

Write a simulator of your partner and a fixture named `bench`, and you have a test suite:

    from hub.testing import ConnectorContract

    class TestAcme(ConnectorContract):
        @pytest.fixture
        def bench(self, tmp_path):
            with AcmeSimulator(tmp_path) as simulator:
                yield AcmeBench(simulator)   # see hub.testing.bench.Bench for what it has to offer

The tests drive your connector the way the hub does. They kill a send at every checkpoint that your code passes
(`Context.checkpoint`): call `before_bytes` when nothing has left yet, and `bytes_sent` when the partner may have
everything but you have not acted on its answer. After each they ask `find`, resend when it says `Absent`, and count at
the simulator: exactly one, or `CannotTell` and at most one. Never two.

A failure says in a sentence what is owed. Tests that your connector has no use for (it writes nothing, its partner is
never picky) are skipped and say why. Override a test only to make it stricter.
"""

from __future__ import annotations

from hub.testing.kit_manners import Discretion, Moods, Tidiness
from hub.testing.kit_reading import Reading
from hub.testing.kit_sending import Sending
from hub.testing.kit_words import Honesty


class ConnectorContract(Honesty, Reading, Sending, Moods, Discretion, Tidiness):
    """Inherit from this, add a fixture `bench`, and pytest says what is still owed."""
