"""Real files of others: each is read as far as it goes, clean ones come back byte for byte, and a table says how."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Separators, Stray, TransactionSet
from hub.codec.x12.reader import read, transaction_sets
from hub.codec.x12.whole import parse
from hub.codec.x12.writer import write

_FOLDER = Path(__file__).parents[3] / "shared" / "samples" / "x12"

pytestmark = pytest.mark.skipif(not _FOLDER.is_dir(), reason="the samples of others are not beside this repository")

#: What the index counts differently: interchanges with separators of their own; lines cut at 80 columns.
_COUNTED_OTHERWISE = {"850/bots-plugins__mailbag01.edi", "210/staedi__ts210_80char.edi"}


def _rows() -> list[dict[str, str]]:
    if not _FOLDER.is_dir():
        return []
    with (_FOLDER / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _declared(text: str) -> Counter[str]:
    sets: Counter[str] = Counter()
    for each in text.split(";"):
        code, _, times = each.partition(" x")
        sets[code] += int(times)
    return sets


def _outcome(content: bytes) -> tuple[Counter[str], list[Fault]]:
    sets: Counter[str] = Counter()
    faults: list[Fault] = []
    for event in read([content]):
        faults += [event.fault] if isinstance(event, Stray) else getattr(event, "faults", ())
        if isinstance(event, TransactionSet):
            assert event.whole
            assert event.segments[0][0] == "ST"
            sets[event.code] += 1
    return sets, faults


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_every_file_is_read_as_far_as_it_goes(row: dict[str, str], record_property: pytest.RecordProperty) -> None:
    content = (_FOLDER / row["file"]).read_bytes()
    sets, faults = _outcome(content)
    record_property("sets", " ".join(f"{code}x{times}" for code, times in sorted(sets.items())))
    record_property("faults", "; ".join(str(fault) for fault in faults))
    assert all(0 <= fault.offset <= len(content) for fault in faults)
    if row["file"] not in _COUNTED_OTHERWISE:
        assert sets == _declared(row["sets"])
    if row["valid"] == "yes":
        assert [fault for fault in faults if fault.severity is Severity.ERROR] == []


@pytest.mark.parametrize("row", [row for row in _rows() if row["valid"] == "yes"], ids=lambda row: row["file"])
def test_a_clean_file_is_written_as_it_was_read(row: dict[str, str]) -> None:
    content = (_FOLDER / row["file"]).read_bytes()
    envelopes = parse(content)
    ours = b"".join(write(envelope) for envelope in envelopes)
    separators = envelopes[0].separators
    assert _bare(ours, separators) == _bare(content, separators)


def _bare(content: bytes, separators: Separators) -> bytes:
    """Take away what may differ: a byte order mark, line breaks that mean nothing, empty elements at the end."""
    end, cut = separators.mark.encode("latin-1"), re.escape(separators.element.encode("latin-1"))
    content = content.removeprefix(b"\xef\xbb\xbf")
    content = content.replace(b"\r", b"") if end == b"\n" else re.sub(rb"[\r\n]+[ \t]*", b"", content)
    content = re.sub(re.escape(end) + rb"[ \t]+", end, content)
    return re.sub(cut + b"+" + re.escape(end), end, content).strip()


def test_the_table_of_files_sets_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(_table())
    with capsys.disabled():
        print()
        print("\n".join(lines))
    assert len(lines) == len(_rows()) + 2


def _table() -> Iterator[str]:
    yield f"{'file':70} {'sets read':24} {'standard':12} faults of the envelope"
    clean = 0
    for row in _rows():
        content = (_FOLDER / row["file"]).read_bytes()
        sets, faults = _outcome(content)
        told = [fault for fault in faults if fault.severity > Severity.NOTE]
        clean += not told
        read_sets = " ".join(f"{code}x{times}" for code, times in sorted(sets.items()))
        yield f"{row['file']:70} {read_sets:24} {_standard(content):12} {'; '.join(map(str, told)) or '-'}"
    yield f"{clean} of {len(_rows())} files without a fault of their envelope"


def _standard(content: bytes) -> str:
    """Count what the standard has against the sets of a file: errors and warnings."""
    check = StandardCheck()
    told = [fault for one in transaction_sets([content]) for fault in check(one)]
    assert all(0 <= fault.offset <= len(content) for fault in told)
    counts = Counter(fault.severity for fault in told)
    return f"{counts[Severity.ERROR]} !! {counts[Severity.WARNING]} !"


def test_the_index_and_we_agree_on_which_counts_are_wrong() -> None:
    for row in _rows():
        if row["file"] in _COUNTED_OTHERWISE or "no" not in row["valid"]:
            continue
        _, faults = _outcome((_FOLDER / row["file"]).read_bytes())
        codes = {fault.code for fault in faults}
        if "SE01=" in row["quirks"]:
            assert FaultCode.SEGMENT_COUNT in codes, row["file"]
        if "GE01=" in row["quirks"]:
            assert FaultCode.SET_COUNT in codes, row["file"]
        if "SE02!=ST02" in row["quirks"]:
            assert FaultCode.SET_NUMBER_MISMATCH in codes, row["file"]
