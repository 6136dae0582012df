"""What tests of the hub and of connectors need: a clock moved by hand, a context in memory, the contract kit."""

from hub.testing.bench import Bench, Mood
from hub.testing.clock import FakeClock
from hub.testing.context import Crash, MemoryContext, MemoryLimiter, MemoryNumbers
from hub.testing.contract_kit import ConnectorContract

__all__ = [
    "Bench",
    "ConnectorContract",
    "Crash",
    "FakeClock",
    "MemoryContext",
    "MemoryLimiter",
    "MemoryNumbers",
    "Mood",
]
