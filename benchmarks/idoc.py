"""How fast IDocs are read and written, and how much memory a big file takes.

`python -m benchmarks.idoc [--mb N] [--big N]`. The floor is a bare loop over the same records of the same file: it
splits lines, looks the segment up, cuts its header and every field at fixed places and drops the blanks; it knows no
hierarchy, no line numbers, no faults and no other framing. All run in turn, and the best of each counts, in processor
time. Memory is peak resident memory above that of a bare interpreter with the codec loaded, for one pass.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.measure import best_in_turn, chunks, drain, peak
from hub.codec.idoc.check import check
from hub.codec.idoc.dictionary import standard
from hub.codec.idoc.model import Widths
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.tree import tree
from hub.codec.idoc.writer import as_flat, as_xml, write

_RUNS = 5
_TARGET = 0.5


def order(number: int) -> list[str]:
    """Return the records of a purchase order of six lines, each as wide as SAP writes it."""
    docnum = f"{number:016}"
    address = f"{'The Great Retail Company':35}{'Dock 7':105}{'1 Retail Plaza':105}{'Minneapolis':44}{'55402':18}US"
    rows: list[tuple[str, int, int, str]] = [
        ("E2EDK01005", 0, 1, f"{'000':4}EUREUR{'1.00000':12}{'0086':57}NB  45{number:08}"),
        ("E2EDK14", 0, 2, "0140001"),
        ("E2EDK14", 0, 2, "009010"),
        ("E2EDK03", 0, 2, "01220260115"),
        ("E2EDK03", 0, 2, "00220260131"),
        *(("E2EDKA1003", 0, 2, f"{who:3}{number:017}{'':17}{address}") for who in ("AG", "WE", "LF")),
        ("E2EDK02", 0, 2, f"00145{number:08}"),
        ("E2EDK17", 0, 2, "001CPTUtrecht"),
    ]
    for line in range(1, 7):
        parent = len(rows) + 1
        rows.append(("E2EDP01011", 0, 2, f"{line * 10:06}{'001':5}{'12.000':15}{'PCE':47}{'65.69':15}{'1':9}788.28"))
        rows.append(("E2EDP20002", parent, 3, f"{'12.000':30}20260131"))
        rows.append(("E2EDP19003", parent, 3, f"002{f'SKU-{line:06}':35}Stainless steel widget, ocean blue"))
        rows.append(("E2EDP19003", parent, 3, f"003{'0123456789012':35}"))
    rows.append(("E2EDS01", 0, 2, f"002{'4729.68':21}EUR"))
    start = f"EDI_DC40  400{docnum}755 302{'':3}{'ORDERS05':60}{'ORDERS':49}"
    rest = f"{'SAPABC':10}LS  {'ABCCLNT400':101}{'XDOCK':10}KU  {'0000088333':101}20260115093000"
    head = (f"{start:148}" + rest).ljust(524)
    return [head] + [
        f"{name:30}400{docnum}{at:06}{above:06}{level:02}{data}".ljust(1063)
        for at, (name, above, level, data) in enumerate(rows, 1)
    ]


def generate(target: Path, megabytes: float, widths: Widths) -> None:
    """Write a file of at least that size."""
    with target.open("w", encoding="ascii", newline="") as file:
        written, number = 0, 0
        while written < megabytes * 1e6:
            number += 1
            records = order(number)
            if widths is Widths.CUT:
                records = [record.rstrip() for record in records]
            written += file.write("\n".join(records) + "\n")


def floor(source: Iterable[bytes]) -> Iterator[dict[str, str]]:
    """Yield the fields of every record; what a script that knows nothing else does."""
    layouts = {
        layout.external: [(field.name, 63 + field.offset, 63 + field.offset + field.width) for field in layout.fields]
        for layout in standard().segments.values()
    }
    rest = ""
    for chunk in source:
        lines = (rest + chunk.decode("utf-8")).split("\n")
        rest = lines.pop()
        for line in lines:
            values = {"number": line[49:55], "parent": line[55:61], "level": line[61:63]}
            for name, start, end in layouts.get(line[:30].rstrip(), ()):
                value = line[start:end].rstrip()
                if value:
                    values[name] = value
            yield values


def _checked(file: Path) -> None:
    for idoc in idocs(chunks(file)):
        if faults := [*idoc.faults, *check(idoc)]:
            raise ValueError(faults[0])


def _trees(file: Path) -> None:
    for idoc in idocs(chunks(file)):
        tree(idoc)


def speeds(file: Path) -> dict[str, float]:
    """Return megabytes a second of processor time for each thing that we do, the best of several rounds in turn."""
    jobs: dict[str, Callable[[], object]] = {
        "floor: bare slicing loop": lambda: drain(floor(chunks(file))),
        "read: fields and hierarchy": lambda: drain(idocs(chunks(file))),
        "read and check every value": lambda: _checked(file),
        "trees, as mappings read them": lambda: _trees(file),
        "read and write flat": lambda: write(idocs(chunks(file)), as_flat()),
        "read and write XML": lambda: write(idocs(chunks(file)), as_xml()),
    }
    size = file.stat().st_size / 1e6
    return {name: size / each for name, each in best_in_turn(jobs, _RUNS).items()}


_LOADED = (
    "from pathlib import Path\nfrom benchmarks.measure import chunks\nfrom hub.codec.idoc.reader import idocs, segments"
)


def memory(many: Path, one: Path, xml: Path) -> dict[str, float]:
    """Return the peak above a bare interpreter for each pass over a big file, in MB."""
    base = peak(f"{_LOADED}\nnext(segments([b'']), None)")
    passes = {
        "many IDocs, flat": ("idocs", many),
        "many IDocs, XML": ("idocs", xml),
        "one IDoc, record by record": ("segments", one),
    }
    return {
        name: peak(f"{_LOADED}\nfor each in {what}(chunks(Path({str(file)!r}))): pass") - base
        for name, (what, file) in passes.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=10.0, help="size of the file that is timed")
    parser.add_argument("--big", type=float, default=100.0, help="size of the files whose memory is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        raise SystemExit(_report(Path(name), options.mb, options.big))


def _report(folder: Path, mb: float, big: float) -> int:
    worst = float("inf")
    for widths, words in ((Widths.FULL, "records of 1063"), (Widths.CUT, "records without blanks at their end")):
        file = folder / f"{widths.value}.idoc"
        generate(file, mb if widths is Widths.FULL else mb / 4, widths)
        found = speeds(file)
        base = next(iter(found.values()))
        worst = min(worst, found["read: fields and hierarchy"] / base)
        print(f"{file.stat().st_size / 1e6:.1f} MB of ORDERS05, {words}: MB/s of processor time (best of {_RUNS})")
        for what, speed in found.items():
            print(f"  {what:44} {speed:8.1f}  {speed / base:5.2f}x")
    many, one, xml = folder / "many.idoc", folder / "one.idoc", folder / "many.xml"
    generate(many, big, Widths.FULL)
    with one.open("w", encoding="ascii") as file_:
        records = order(1)
        file_.write(records[0] + "\n")
        for _ in range(int(big * 1e6 / (1064 * (len(records) - 1)))):
            file_.write("\n".join(records[1:]) + "\n")
    with xml.open("wb") as out:
        small = folder / "small.idoc"
        generate(small, 1.0, Widths.FULL)
        body = write(idocs(chunks(small)), as_xml())
        start, end = body.index(b"<IDOC"), body.rindex(b"</IDOC>") + 7
        out.write(body[:start])
        for _ in range(int(big * 1e6 / (end - start)) + 1):
            out.write(body[start:end] + b"\n")
        out.write(body[end:])
    print(f"{big:g} MB in one run: peak memory above the loaded interpreter (limit 60 MB)")
    for what, megabytes in memory(many, one, xml).items():
        print(f"  {what:44} {megabytes:8.1f} MB")
    print(f"reading is {worst:.2f}x of the floor (target {_TARGET}x)")
    return 0 if worst >= _TARGET else 1


if __name__ == "__main__":
    main()
