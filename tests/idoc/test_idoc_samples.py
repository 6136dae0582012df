"""Real files of others: each is read as far as it goes, clean ones come back byte for byte, and a table says how."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.codec.idoc.check import check
from hub.codec.idoc.fault import Fault, FaultCode, Severity
from hub.codec.idoc.model import Form, Idoc, Widths
from hub.codec.idoc.reader import read
from hub.codec.idoc.tree import idoc_of, tree
from hub.codec.idoc.writer import CannotWrite, as_flat, as_xml, write
from tests.idoc.idoc_kit import told

_FOLDER = Path(__file__).parents[3] / "shared" / "samples" / "idoc"

pytestmark = pytest.mark.skipif(not _FOLDER.is_dir(), reason="the samples of others are not beside this repository")


def _rows() -> list[dict[str, str]]:
    if not _FOLDER.is_dir():
        return []
    with (_FOLDER / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _broken(row: dict[str, str]) -> bool:
    """Whether the index names something that cannot be read whole."""
    return "truncated" in row["quirks"] or "PRE-4.0" in row["quirks"]


def _read(row: dict[str, str], chunk: int = 1 << 16) -> tuple[list[Idoc], list[Fault]]:
    content = (_FOLDER / row["file"]).read_bytes()
    events = list(read([content[at : at + chunk] for at in range(0, len(content), chunk)]))
    found = [event for event in events if isinstance(event, Idoc)]
    faults = [event for event in events if isinstance(event, Fault)]
    return found, faults + [fault for idoc in found for fault in (*idoc.faults, *check(idoc))]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["file"])
def test_every_file_is_read_as_far_as_it_goes(row: dict[str, str]) -> None:
    found, faults = _read(row)
    size = (_FOLDER / row["file"]).stat().st_size
    assert all(-1 <= fault.offset <= size for fault in faults)
    if _broken(row):
        assert any(fault.severity is Severity.ERROR and fault.offset >= 0 for fault in faults)
    else:
        assert found
        assert all(idoc.whole and idoc.segments for idoc in found)
        # Some converters leave the type blank; then the segments tell it.
        family = found[0].basic_type or found[0].tree.name
        assert family[:-2] == row["type"][:-2] or not family


@pytest.mark.parametrize("row", [row for row in _rows() if row["format"] == "flat"], ids=lambda row: row["file"])
@pytest.mark.parametrize("chunk", [11, 1 << 16])
def test_a_flat_file_is_written_as_it_was_read(row: dict[str, str], chunk: int) -> None:
    if "PRE-4.0" in row["quirks"]:
        return
    found, _ = _read(row, chunk)
    assert write(found) == (_FOLDER / row["file"]).read_bytes()


@pytest.mark.parametrize("row", [row for row in _rows() if "PRE-4.0" not in row["quirks"]], ids=lambda row: row["file"])
def test_xml_trees_and_flat_keep_every_field(row: dict[str, str]) -> None:
    found, _ = _read(row)
    said = [told(idoc) for idoc in found]
    assert [told(each) for each in read([write(found, as_xml())]) if isinstance(each, Idoc)] == said
    assert [told(idoc_of(tree(idoc))) for idoc in found] == said
    for widths in Widths:
        if found[0].framing.form is Form.XML and _only_in_xml(row):
            with pytest.raises(CannotWrite, match=r"characters long|not in the dictionary"):
                write(found, as_flat(widths=widths))
            continue
        raw = write(found, as_flat(widths=widths))
        assert [told(each) for each in read([raw]) if isinstance(each, Idoc)] == said


def _only_in_xml(row: dict[str, str]) -> bool:
    """Whether there are values too long for their field, or fields that no dictionary of ours knows."""
    only = {FaultCode.TOO_LONG, FaultCode.UNKNOWN_FIELD, FaultCode.UNKNOWN_SEGMENT}
    return any(fault.code in only for fault in _read(row)[1])


def test_the_table_of_files_idocs_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(_table())
    with capsys.disabled():
        print()
        print("\n".join(lines))
    assert len(lines) == len(_rows()) + 2


def _table() -> Iterator[str]:
    yield f"{'file':60.60} {'IDocs':>5} {'segments':>8}  faults (each kind, how often, the first place)"
    whole = 0
    for row in _rows():
        found, faults = _read(row)
        whole += bool(found) and all(idoc.whole for idoc in found)
        kinds = Counter(fault.code for fault in faults)
        first = {fault.code: fault for fault in reversed(faults)}
        shown = "; ".join(f"{code.name.lower()} x{times} at {first[code].place}" for code, times in kinds.items())
        segments = sum(len(idoc.segments) for idoc in found)
        yield f"{row['file']:60.60} {len(found):5} {segments:8}  {shown or '-'}"
    yield f"{whole} of {len(_rows())} files read whole"
