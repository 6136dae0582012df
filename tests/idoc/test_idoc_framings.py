"""Flat files as mainframes write them: EBCDIC, filled with NUL, records of any length without line ends."""

from __future__ import annotations

import pytest

from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.model import Idoc
from hub.codec.idoc.reader import idocs, read
from hub.codec.idoc.writer import write
from tests.idoc.idoc_kit import control, data, flat, told

LINES = flat().splitlines()
WHOLE = next(idocs([flat().encode()]))
BARE = [line.rstrip() for line in LINES]
FILES = {
    "NUL in every blank": "\n".join(LINES).replace(" ", "\0").encode(),
    "NUL behind every record": "".join(
        bare.ljust(len(line), "\0") for bare, line in zip(BARE, LINES, strict=True)
    ).encode(),
    "NUL up to a block": flat(end="").encode().ljust(20_480, b"\0"),
    "blanks up to a block, between IDocs": (flat(end="").ljust(20_480) * 2).encode(),
    "EBCDIC": "".join(LINES).encode("cp037"),
    "EBCDIC of Germany, LF": "\n".join(LINES).encode("cp273"),
    "EBCDIC, NEL": b"\x15".join(line.encode("cp500") for line in LINES),
    "EBCDIC, NUL": "".join(LINES).encode("cp037").replace(b"\x40", b"\0"),
    "600 each": "".join(bare.ljust(600) for bare in BARE).encode(),
    "1064 each": "".join(line.ljust(1064) for line in LINES).encode(),
    "cut, no line ends": "".join([LINES[0], *(bare.ljust(80) for bare in BARE[1:])]).encode(),
    "trimmed, no line ends": "".join(BARE).encode(),
    "trimmed, no line ends, several": "".join(BARE * 3).encode(),
    "EBCDIC, 600 each": "".join(bare.ljust(600) for bare in BARE).encode("cp037"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("chunk", [61, 100_000])
def test_every_framing_says_the_same_and_is_read_again_when_it_was_cut_out(name: str, chunk: int) -> None:
    raw = FILES[name]
    found = list(read([raw[at : at + chunk] for at in range(0, len(raw), chunk)]))
    for idoc in found:
        assert isinstance(idoc, Idoc)
        assert idoc.whole, idoc.faults
        assert told(idoc) == told(WHOLE)
        (again,) = read([write([idoc])])
        assert isinstance(again, Idoc)
        assert told(again) == told(WHOLE)
    assert len(found) == {"several": 3, "between IDocs": 2}.get(name.rpartition(", ")[2], 1)


def _named(text: str, page: str) -> bytes:
    rows = [("E2EDKA1003", 0, 2, f"WE {'':34}{text}"), ("E2EDS01", 0, 2, "0021.00")]
    return "".join([control(), *data(rows)]).encode(page)


@pytest.mark.parametrize("name", ["Müller", "a@b"])
def test_what_the_pages_of_ebcdic_read_differently_is_told_until_the_page_is_known(name: str) -> None:
    (doubted,) = read([_named(name, "cp273")])
    assert isinstance(doubted, Idoc)
    assert [(fault.code, fault.offset) for fault in doubted.faults] == [(FaultCode.EBCDIC_PAGE, 524)]
    assert not doubted.whole
    for content in (_named(name, "cp273"), write([doubted])):  # what was kept is read by the page once that is known
        (sure,) = read([content], fallback="cp273")
        assert isinstance(sure, Idoc)
        assert (sure.whole, sure.segments[0].values["NAME1"]) == (True, name)


def test_xml_in_ebcdic_is_called_so() -> None:
    (fault,) = read(['<?xml version="1.0"?><ORDERS05><IDOC/></ORDERS05>'.encode("cp037")])
    assert isinstance(fault, Fault)
    assert "XML in EBCDIC" in str(fault)


@pytest.mark.parametrize("cut", [30, 300])
def test_a_file_of_even_records_that_was_cut_off_is_not_whole(cut: int) -> None:
    (idoc,) = read(["".join(bare.ljust(600) for bare in BARE)[:-cut].encode()])
    assert isinstance(idoc, Idoc)
    assert [fault.code for fault in idoc.faults] == [FaultCode.TRUNCATED]


def test_bytes_that_are_no_characters_spoil_their_idoc() -> None:
    (idoc,) = read([_named("M\x81ller", "latin-1")], fallback="cp1252")
    assert isinstance(idoc, Idoc)
    assert [(fault.code, fault.name) for fault in idoc.faults] == [(FaultCode.BAD_BYTES, "E2EDKA1003")]
