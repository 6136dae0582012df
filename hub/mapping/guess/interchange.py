"""An X12 sample as a mapping file: a house template, the parties and release of the sample, and what differs in it.

X12 says itself which document is which; what differs between partners are ids, the qualifier under which our SKU
stands, which quantity is for sale, and codes that the template does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.codec.x12.interchange import Interchange, Segment, TransactionSet, element
from hub.codec.x12.reader import read
from hub.codec.x12.tree import FRAGMENT, PAIRS
from hub.codec.x12.writer import Policy, set_lines
from hub.mapping.guess.sample import NoSample
from hub.mapping.guess.toml import toml_text
from hub.mapping.guess.trial import embedded_test
from hub.mapping.guess.write import SCHEMA_NAME, Told, noted, said
from hub.mapping.partner_file import PartnerFile

#: The documents of the templates that come in, by set, each with the segment that names the item and how it is read.
_SUPPLIER: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "846": ("stock", "LIN", "sku", "LIN"),
    "832": ("catalogue", "LIN", "sku", "LIN"),
    "855": ("acknowledgement", "PO1", "line.sku", "../PO1"),
    "856": ("shipment", "LIN", "line.sku", "LIN"),
    "810": ("invoice", "IT1", "line.sku", "IT1"),
}
_WAREHOUSE: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "846": ("stock", "LIN", "sku", "LIN"),
    "945": ("shipment", "W12", "line.sku", "W12"),
}
#: Sets that we send; a sample of one of them is of our own making.
_OURS: Final = frozenset({"850", "860", "940"})
#: Qualifiers under which our own SKU may stand, the likeliest first; then those of the partner's and of barcodes.
_SKU: Final = ("SK", "BP", "IN", "CB", "PI", "VN", "VP", "VC", "VA", "MG", "UP", "UK", "EN", "UA")
_SURE: Final = frozenset({"SK"})
#: What a quantity on hand is called, the one for sale first.
_QUANTITIES: Final = ("33", "17", "01", "02", "QA")
#: A set of so many segments is short enough to be an embedded test.
_SHORT: Final = 60


def is_interchange(content: bytes) -> bool:
    """Say whether a sample is X12."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:3] == b"ISA"


@dataclass(slots=True)
class _Seen:
    """What the samples hold."""

    interchange: Interchange
    release: str = "004010"
    sets: dict[str, TransactionSet] = field(default_factory=dict)  # the shortest of each
    items: dict[str, Counter[str]] = field(default_factory=dict)  # qualifiers of items, by set
    quantities: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)


def interchange_mapping(
    code: str, samples: Sequence[tuple[str, bytes]], told: Told, load: Callable[[str], PartnerFile]
) -> str:
    """Return the mapping file for samples (file name, content); raises NoSample. `load` reads a draft of it."""
    seen = _look(samples)
    text = "\n".join(_lines(code, seen, samples, told))
    file = load(text)
    tests = []
    for number, (name, *_) in _documents(seen).items():
        one = seen.sets.get(number)
        if one is not None and len(one.segments) <= _SHORT:
            tests.append(embedded_test(file.documents.inward[name], _fragment(one)))
    return "\n".join([text, *tests])


def _look(samples: Sequence[tuple[str, bytes]]) -> _Seen:
    seen: _Seen | None = None
    for _, content in samples:
        for event in read([content], held=len(content) + 1):
            if isinstance(event, Interchange):
                seen = seen or _Seen(event)
            elif isinstance(event, TransactionSet) and seen is not None:
                _take(seen, event)
    if seen is None:
        raise NoSample(f"{samples[0][0]}: no ISA segment could be read; ask for an interchange as it is sent")
    if not seen.sets:
        raise NoSample(f"{samples[0][0]}: the interchange holds no transaction set; ask for one with documents in it")
    return seen


def _take(seen: _Seen, one: TransactionSet) -> None:
    known = seen.sets.get(one.code)
    if known is None or len(one.raw) < len(known.raw):
        seen.sets[one.code] = one
    seen.release = one.version or seen.release
    items = seen.items.setdefault(one.code, Counter())
    for segment in one.segments:
        if segment[0] in PAIRS:
            items.update(_qualifiers(segment))
        if segment[0] == "QTY":
            seen.quantities[element(segment, 1)] += 1
            seen.units[element(segment, 3)] += 1
        if segment[0] == "ACK":
            seen.answers[element(segment, 1)] += 1


def _qualifiers(segment: Segment) -> Iterator[str]:
    first = PAIRS[segment[0]]
    return (segment[at] for at in range(first, len(segment) - 1, 2) if segment[at] and segment[at + 1])


def _documents(seen: _Seen) -> Mapping[str, tuple[str, str, str, str]]:
    return _WAREHOUSE if seen.sets.keys() & {"940", "945", "943", "944"} else _SUPPLIER


def _template(seen: _Seen) -> str:
    if _documents(seen) is _WAREHOUSE:
        return "x12_3pl"
    return "x12_5010_supplier" if seen.release >= "005" else "x12_4010_supplier"


def _lines(code: str, seen: _Seen, samples: Sequence[tuple[str, bytes]], told: Told) -> Iterator[str]:
    names = "".join(mark if mark.isprintable() else "?" for mark in ", ".join(name for name, _ in samples))
    documents = _documents(seen)
    yield f"#:schema ./{SCHEMA_NAME}"
    yield f"# {code}: written by `crossdock mapping new` from {names}, which holds {', '.join(sorted(seen.sets))}."
    yield "#"
    yield "# Left is ours, right is theirs. Look at lines with a `# ?`: put each right or take its question mark away."
    yield "# Then: `crossdock mapping check`, `crossdock mapping try`."
    yield "version = 1"
    yield f'extends = "{_template(seen)}"  # what is not said here is as in this template'
    yield from ("", "[partner]", f"code = {toml_text(code)}")
    yield said("name", told.name, code.replace("_", " ").title(), "how people call it")
    yield said("timezone", told.timezone, "UTC", "times in envelopes are in this zone")
    yield said("currency", told.currency, "USD", "what they bill in")
    yield from ("", *_connection(code, seen, told))
    unknown = sorted(seen.sets.keys() - documents.keys() - _OURS - {"997", "999"})
    if unknown:
        yield f"# ? nothing is made of {', '.join(unknown)}: add a document for each, or leave it to be refused"
    yield from _units(seen)
    yield from _answers(seen)
    for number, document in documents.items():
        if number in seen.sets:
            yield from _fields(number, document, seen)
        elif number in ("832", "846"):
            yield from (
                "",
                f"# ? no {number} in the samples: `[documents.{document[0]}]` with `use = false` when none comes",
            )


def _connection(code: str, seen: _Seen, told: Told) -> Iterator[str]:
    theirs, ours = seen.interchange.sender, seen.interchange.receiver
    own = seen.sets.keys() <= _OURS
    if own:
        theirs, ours = ours, theirs
    doubt = ("the sample is one that we send: are these the right way round",) if own else ()
    yield "[connection]"
    yield said("url", told.url, f"sftp://hub@edi.{code}.example/", "user and server; /out and /in are folders there")
    password = f'password = "secret:{code}_password"'
    yield password if told.has_password else f"# {password}  # the file secrets/{code}_password is to hold it"
    yield '# host_key = "SHA256:..."  # `crossdock connection check` shows it: ask whether it is theirs'
    yield noted(f"us   = {_party(ours)}", *doubt)
    yield noted(f"them = {_party(theirs)}", *doubt)
    if seen.interchange.usage == "T":
        yield noted('usage = "T"', "the sample is marked as a test: P for production")


def _party(party: tuple[str, str]) -> str:
    return f"{{ qualifier = {toml_text(party[0])}, id = {toml_text(party[1])} }}"


def _units(seen: _Seen) -> Iterator[str]:
    strange = sorted(seen.units.keys() - {"", "EA", "PC", "DZ", "CA"})
    if strange:
        yield from ("", "[units]  # theirs = how many of our selling unit")
        yield from (noted(f"{toml_text(each)} = 1", "how many pieces does it hold") for each in strange)


_ANSWERS: Final = frozenset("IA AC AR SP AA IE IP DR IS IC IQ BP IB IF IH IW ID IR R1 R2 R3 R4 R5 R6".split())


def _answers(seen: _Seen) -> Iterator[str]:
    strange = sorted(seen.answers.keys() - _ANSWERS - {""})
    if strange:
        yield from ("", "[tables.answer]  # ACK01 = what they will do with the line")
        yield from (
            noted(f'{toml_text(each)} = "accepted"', "accepted, changed, backordered or rejected") for each in strange
        )


def _fields(number: str, document: tuple[str, str, str, str], seen: _Seen) -> Iterator[str]:
    name, _, left, path = document
    lines = []
    found = [each for each in _SKU if seen.items[number][each]]
    if found and found[0] not in _SURE:
        others = f"; here are also {', '.join(found[1:])}" if found[1:] else ""
        lines.append(noted(f'{left} = "{path}[{found[0]}]"', f"is our SKU under {found[0]}{others}"))
    elif not found:
        lines.append(noted(f'{left} = "{path}[SK]"', "no qualifier of an item was seen: where does our SKU stand"))
    if number == "846":
        lines += _quantity(seen, "33" if _template(seen) != "x12_3pl" else "17")
    if lines:
        yield from ("", f"[documents.{name}.fields]", *lines)


def _quantity(seen: _Seen, usual: str) -> Iterable[str]:
    found = [each for each in _QUANTITIES if seen.quantities[each]] or list(seen.quantities)
    if usual in found or not found:
        return ()
    one = found[0]
    rule = f'{{ from = "QTY[{one}].02", type = "decimal", unit_from = "QTY[{one}].03" }}'
    return (noted(f"quantity = {rule}", f"is {one} what can be sold; seen: {', '.join(sorted(seen.quantities))}"),)


def _fragment(one: TransactionSet) -> str:
    segments = [segment for segment in one.segments if segment[0] != "SE"]
    return "".join(f"{line}~\n" for line in set_lines(segments, FRAGMENT, Policy.REPLACE))
