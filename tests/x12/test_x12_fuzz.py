"""Whatever the bytes are: reading ends, raises nothing, tells places inside of the input, and stays small in memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.codec.fault import Refused
from hub.codec.x12.acknowledge import acknowledge
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.interchange import Stray, TransactionSet
from hub.codec.x12.reader import read
from hub.codec.x12.show import show
from hub.codec.x12.tree import X12Format
from hub.codec.x12.verdict import judge
from hub.codec.x12.whole import parse
from hub.codec.x12.writer import CannotWrite, Policy, write
from tests.fuzzing import fuzz

AT = datetime(2026, 1, 15, tzinfo=UTC)
SLICE, LONG = 150, 1_000_000
_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
_OWN = (
    b"ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*^*00501*000000007*1*P*>~\r\n"
    b"TA1*000000005*260114*0900*A*000~\r\nGS*SH*US*THEM*20260115*1200*70*X*005010~\r\n"
    b"ST*856*0001~\r\nBSN*00*S1*20260115*1200*0001~\r\nHL*1**S~\r\nTD5*O*2*UPSN~\r\nN1*SF*Store*92*1~\r\n"
    b"HL*2*1*O~\r\nPRF*4711~\r\nHL*3*2*I~\r\nLIN*1*UP*012345678905~\r\nSN1*1*2*EA~\r\nREF*ZZ*A>B^C~\r\nCTT*3~\r\n"
    b"SE*13*0001~\r\nGE*1*70~\r\nIEA*1*000000007~\r\n"
)
#: What mutations put in: every mark that structures an interchange, and what structures other things.
_PIECES = (
    b"~", b"*", b">", b"^", b"\n", b"\r\n", b" ", b"\x00", b"\xef\xbb\xbf", b"\x15", b"\xff\xfe", b"ISA*", b"ISA",
    b"~ISA*00*", b"~GS*", b"~GE*", b"~ST*850*0001~", b"~SE*1*0001~", b"~IEA*1*1~", b"~TA1*", b"~ISB*",
    b"HL*1*1*S~", b"HL*9*8*I~",
    b"999999999999999999999999", b"-1", b"ISA*00*          *00*          *ZZ*US             *01*THEM           *2601",
    b"~~~~", b"****", b"\xc3", b"\xe2\x82", b"LS*X~", b"SE~", b"ST~", b"GS~", b"IEA~", b"Z" * 300,
)  # fmt: skip


def _seeds() -> list[bytes]:
    files = sorted(_SAMPLES.glob("*/*.edi")) if _SAMPLES.is_dir() else []
    return [_OWN, *(content for content in (file.read_bytes() for file in files) if len(content) < 4_000)]


def mutated(seed: bytes, rng: random.Random, other: bytes) -> bytes:
    """Return a seed with a few things done to it: cut, doubled, moved, replaced, joined to another."""
    data = bytearray(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind == 0:
            data[at:at] = rng.choice(_PIECES)
        elif kind == 1:
            del data[at : at + rng.choice((1, 1, 5, 50, 500))]
        elif kind == 2:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 3:
            piece = data[at : at + rng.randrange(1, 120)]
            data[at:at] = piece * rng.choice((1, 2, 5))
        elif kind == 4:
            data[at:] = other[rng.randrange(len(other)) :]
        elif kind == 5:
            mark = rng.choice(b"*~>^")
            data = data.replace(bytes([mark]), bytes([rng.randrange(256)]))
        else:
            to = rng.randrange(len(data) + 1)
            piece = data[at : at + 60]
            del data[at : at + 60]
            data[to:to] = piece
    return bytes(data)


def exercise(data: bytes, chunk: int) -> None:
    """Read, check, answer, show, make trees and write again, as far as each goes."""
    chunks = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    total = 0
    for event in read(chunks):
        if isinstance(event, TransactionSet):
            total += len(event.raw)
        told = [event.fault] if isinstance(event, Stray) else event.faults if hasattr(event, "faults") else ()
        assert all(-1 <= fault.offset <= len(data) * 2 + 4 for fault in told)
    assert total <= len(data) * 2 + 4  # text that comes as UTF-16 may grow
    for verdict in judge(read(chunks), StandardCheck()):
        with suppress(CannotWrite):
            answer = acknowledge(verdict, AT, 1, 1)
            assert answer is None or not _wrong(write(answer, policy=Policy.REPLACE))


def _wrong(content: bytes) -> list[str]:
    """Return what is wrong with an envelope of ours."""
    return [
        str(fault)
        for event in read([content])
        for fault in getattr(event, "faults", ())
        if fault.code.name.endswith(("COUNT", "MISMATCH", "MISSING"))
    ]


def exercise_more(data: bytes) -> None:
    """Do the same for what works on a whole file."""
    for _ in show([data]):
        pass
    with suppress(Refused):
        for root in X12Format().read(data):
            str(root)
    for envelope in parse(data):
        with suppress(CannotWrite):
            write(envelope, policy=Policy.REPLACE)


def test_mutated_interchanges_are_read_without_a_crash() -> None:
    fuzz(SLICE, 7, _seeds(), mutated, exercise, exercise_more)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_a_million_mutated_interchanges() -> None:
    fuzz(LONG, random.SystemRandom().randrange(1 << 32), _seeds(), mutated, exercise, exercise_more)


def test_random_bytes_are_read_without_a_crash() -> None:
    rng = random.Random(11)
    for _ in range(100):
        exercise(rng.randbytes(rng.randrange(400)), rng.choice((1, 100)))


@pytest.mark.parametrize(
    "endless",
    [
        b"x" * 1000,
        b"\n" * 1000,
        b"~" * 1000,
        b"ISA*" * 10,
        b"ISA" * 300,
        b"\x00" * 1000,
        b"ST*850*0001~" * 8,
        b"GS*~" * 20,
    ],
)
@pytest.mark.parametrize("opened", [b"", _OWN[:112], _OWN[: _OWN.index(b"HL*1")]])
def test_memory_stays_bounded_whatever_comes_without_end(endless: bytes, opened: bytes) -> None:
    def source() -> Iterator[bytes]:
        yield opened
        for _ in range(300):
            yield endless

    tracemalloc.start()
    try:
        for _ in read(source(), held=200_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000
