"""Whatever the bytes are: reading ends, raises nothing, tells places inside of the input, and stays small in memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub.codec.fault import Refused
from hub.codec.idoc.check import check
from hub.codec.idoc.dictionary import DictionaryRefused
from hub.codec.idoc.learn import learn
from hub.codec.idoc.model import Idoc
from hub.codec.idoc.reader import idocs, read, segments
from hub.codec.idoc.show import show
from hub.codec.idoc.tree import IdocFormat, idoc_of, tree
from hub.codec.idoc.writer import CannotWrite, as_flat, as_xml, write
from tests.fuzzing import fuzz
from tests.idoc.idoc_kit import flat, told
from tests.idoc.test_idoc_framings import FILES
from tests.idoc.test_idoc_learn import EXPORT

SLICE, LONG = 300, 1_000_000
_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "idoc"
_PIECES = (
    b"\n", b"\r\n", b"\r", b" ", b"\x00", b"\x1a", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xc3", b"\xe2\x82",
    b"EDI_DC40", b"EDI_DC  ", b"EDI_DC40  ", b"E2EDP01011", b"E2EDK02", b"Z2", b"/NS/", b"000000", b"000001", b"999999",
    b"E1", b" " * 524, b" " * 1063, b"<", b">", b"</IDOC>", b'<IDOC BEGIN="1">', b'<E1EDP01 SEGMENT="1">', b"&amp;",
    b"&x;", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<![CDATA[", b"]]>", b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml version='1.0' encoding='latin-1'?>", b"Z" * 300, b"\xed\xa0\x80", b"99", b"SDATA",
    b"\x15", b"\x25", b"\x40", b"\x40" * 524, b"\x00" * 524, b"\x00" * 1063, "EDI_DC40  ".encode("cp037"),
    "E2EDP01011".encode("cp037"), "Z2".encode("cp500"), "äß@[]".encode("cp273"), "<?xml".encode("cp037"),
)  # fmt: skip


def _seeds() -> list[bytes]:
    own = flat()
    xml = write(idocs([own.encode()]), as_xml())
    made = [own.encode(), flat(end="").encode(), flat(numbered=False).encode(), own.encode("utf-16"), xml]
    made.append("\r\n".join(line.rstrip() for line in own.splitlines()).encode())
    made += FILES.values()  # EBCDIC, filled with NUL, without line ends
    made += [f"{own}{own}".encode("cp1140"), flat(end="", numbered=False).replace(" ", "\0").encode("cp500")]
    made += _markup(xml)
    files = sorted(_SAMPLES.glob("*/*")) if _SAMPLES.is_dir() else []
    return [*made, *(content for content in (file.read_bytes() for file in files) if len(content) < 7_000)]


def _markup(xml: bytes) -> Iterator[bytes]:
    """Yield an XML IDoc as senders dress it: in other encodings, several to a file, in namespaces, in EBCDIC."""
    body = xml.decode().partition("?>")[2]
    idoc = body[body.index("<IDOC") : body.index("</IDOC>") + len("</IDOC>")]
    for page in ("utf-16", "latin-1"):
        yield f'<?xml version="1.0" encoding="{page}"?>{body.replace("Becher", "Bächer")}'.encode(page)
    yield body.replace(idoc, idoc * 3).encode()
    yield "".join(line.strip() for line in body.splitlines()).encode()
    yield body.replace("<ORDERS05", '<n:ORDERS05 xmlns:n="urn:a"').replace("</ORDERS05", "</n:ORDERS05").encode()
    yield xml.decode().encode("cp037")


def mutated(seed: bytes, rng: random.Random, other: bytes) -> bytes:
    """Return a seed with a few things done to it: cut, doubled, moved, replaced, joined to another."""
    data = bytearray(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            data[at:at] = rng.choice(_PIECES)
        elif kind == 1:
            del data[at : at + rng.choice((1, 1, 5, 50, 1063))]
        elif kind == 2:
            data[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 3:
            piece = data[at : at + rng.randrange(1, 120)]
            data[at:at] = piece * rng.choice((1, 2, 5))
        elif kind == 4:
            data[at:] = other[rng.randrange(len(other)) :]
        else:
            piece = rng.choice(_PIECES)
            data[at : at + len(piece)] = piece
    return bytes(data)


def exercise(data: bytes, chunk: int) -> None:
    """Read, check, write in both forms and read again."""
    found = []
    for event in read([data[at : at + chunk] for at in range(0, len(data), chunk)]):
        if isinstance(event, Idoc):
            found.append(event)
            faults = [*event.faults, *check(event)]
        else:
            faults = [event]
        assert all(-1 <= fault.offset <= 3 * len(data) + 4 for fault in faults)
        assert all(len(str(fault)) < 2000 for fault in faults)
    for how in (None, as_flat(), as_xml()):
        with suppress(CannotWrite):
            raw = write(found, how)
            if how is not None and how.form is as_xml().form and not _odd(found):
                assert [told(each) for each in idocs([raw])] == [told(each) for each in found], "XML lost something"


def _odd(found: list[Idoc]) -> bool:
    """Whether there is a value of nothing but tabs and line ends, which is none in XML."""
    return any(value.isspace() for idoc in found for each in idoc.segments for value in each.values.values()) or any(
        value.isspace() for idoc in found for value in idoc.control.values()
    )


def exercise_more(data: bytes) -> None:
    """Do the same for what works on a whole file."""
    for _ in show([data]):
        pass
    with suppress(Refused):
        for root in IdocFormat().read(data):
            str(root)
    for idoc in idocs([data]):
        assert told(idoc_of(tree(idoc)))[0] == idoc.control
    for _ in segments([data]):
        pass


def test_mutated_idocs_are_read_without_a_crash() -> None:
    fuzz(SLICE, 7, _seeds(), mutated, exercise, exercise_more)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
def test_a_million_mutated_idocs() -> None:
    fuzz(LONG, random.SystemRandom().randrange(1 << 32), _seeds(), mutated, exercise, exercise_more)


def test_random_bytes_are_read_without_a_crash() -> None:
    rng = random.Random(11)
    for _ in range(300):
        exercise(rng.randbytes(rng.randrange(400)), rng.choice((1, 100)))


def test_mutated_exports_are_learned_or_refused() -> None:
    rng = random.Random(13)
    seed = EXPORT.encode()
    for _ in range(300):
        with suppress(DictionaryRefused):
            learn(mutated(seed, rng, seed).decode("latin-1").splitlines())


@pytest.mark.parametrize(
    "endless",
    [
        b"x",
        b" ",
        b"\x00",
        b"EDI_DC40",
        b"E2EDP01011".ljust(1000),
        b"E2EDP01011".ljust(1000) + b"\n",
        b"<E1>",
        b"\n" * 9 + b"x",
    ],
)
@pytest.mark.parametrize("opened", [b"", flat().encode()[:525], flat(end="").encode()[:1587], b"<ORDERS05><IDOC>"])
def test_memory_stays_bounded_whatever_comes_without_end(endless: bytes, opened: bytes) -> None:
    many = 4 if b"\n\n" in endless else 60  # lines take their time when memory is traced
    block = endless * (100_000 // len(endless))

    def source() -> Iterator[bytes]:
        yield opened
        for _ in range(many):
            yield block

    for _ in read([flat().encode()]):
        pass  # what is loaded once
    tracemalloc.start()
    try:
        for _ in read(source(), held=50_000):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_500_000
