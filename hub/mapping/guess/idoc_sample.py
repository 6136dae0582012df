"""IDocs as a mapping file: a house template, both sides of the partner profile, and what differs in the samples.

An IDoc says itself which message it is; what differs between partners are their numbers, the qualifier under which our
SKU stands, units that the template does not know, and messages of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.codec.idoc.model import Form, Idoc
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.writer import CannotWrite, as_xml, write
from hub.mapping.guess.sample import NoSample
from hub.mapping.guess.toml import toml_text
from hub.mapping.guess.trial import embedded_test
from hub.mapping.guess.write import SCHEMA_NAME, Told, noted, said
from hub.mapping.partner_file import PartnerFile

#: The documents of the templates that come in, by message type.
_TEMPLATES: Final[Mapping[str, Mapping[str, str]]] = {
    "sap_3pl": {"WHSCON": "shipment", "SHPCON": "shipment", "PROACT": "stock"},
    "sap_customer": {"ORDERS": "sales"},
    "sap_orders05": {"ORDRSP": "acknowledgement", "DESADV": "shipment", "INVOIC": "invoice", "PROACT": "stock"},
}
_TO_3PL: Final = frozenset({"WHSORD", "SHPORD"})
_ANSWERS: Final = frozenset({"STATUS", "ALEAUD"})
#: Units of the templates.
_UNITS: Final = frozenset("PCE EA H87 C62 ST STK PR PAA DZN DZ CEN HU MIL TS".split())
_UNIT_FIELDS: Final = ("MENEE", "VRKME")
#: An IDoc of so many segments is short enough to be an embedded test.
_SHORT: Final = 60


def is_idoc(content: bytes) -> bool:
    """Say whether a sample holds IDocs, flat or as XML."""
    start = content[:4096].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").lstrip()
    return start.startswith(b"EDI_DC") or (start.startswith(b"<") and b"EDI_DC40" in start)


@dataclass(slots=True)
class _Seen:
    """What the samples hold."""

    first: Idoc
    messages: dict[str, Idoc] = field(default_factory=dict)  # the shortest of each
    materials: Counter[str] = field(default_factory=Counter)  # qualifiers of E1EDP19
    units: Counter[str] = field(default_factory=Counter)

    @property
    def template(self) -> str:
        """The house template that fits."""
        known = self.messages.keys()
        if known & (_TO_3PL | {"WHSCON", "SHPCON"}):
            return "sap_3pl"
        theirs_to_sell = known & {"ORDRSP", "DESADV", "INVOIC"}
        out_of_sap = self.first.control.get("DIRECT") == "1"
        return "sap_customer" if "ORDERS" in known and out_of_sap and not theirs_to_sell else "sap_orders05"


def idoc_mapping(
    code: str, samples: Sequence[tuple[str, bytes]], told: Told, load: Callable[[str], PartnerFile]
) -> str:
    """Return the mapping file for samples (file name, content); raises NoSample. `load` reads a draft of it."""
    seen = _look(samples)
    text = "\n".join(_lines(code, seen, samples, told))
    file = load(text)
    tests = []
    for message, name in _TEMPLATES[seen.template].items():
        one = seen.messages.get(message)
        if one is not None and len(one.segments) <= _SHORT:
            try:
                given = write([one], as_xml()).decode()
            except CannotWrite:
                continue
            tests.append(embedded_test(file.documents.inward[name], given))
    return "\n".join([text, *tests])


def _look(samples: Sequence[tuple[str, bytes]]) -> _Seen:
    seen: _Seen | None = None
    for _, content in samples:
        for idoc in idocs([content]):
            if not idoc.segments or not idoc.message_type:
                continue
            seen = seen or _Seen(idoc)
            _take(seen, idoc)
    if seen is None:
        raise NoSample(
            f"{samples[0][0]}: no IDoc with segments and a message type could be read; look at `crossdock idoc show`"
        )
    return seen


def _take(seen: _Seen, idoc: Idoc) -> None:
    known = seen.messages.get(idoc.message_type)
    if known is None or len(idoc.segments) < len(known.segments):
        seen.messages[idoc.message_type] = idoc
    for segment in idoc.segments:
        if segment.name == "E1EDP19" and segment.values.get("IDTNR"):
            seen.materials[segment.values.get("QUALF", "")] += 1
        seen.units.update(unit for key in _UNIT_FIELDS if (unit := segment.values.get(key)))


def _lines(code: str, seen: _Seen, samples: Sequence[tuple[str, bytes]], told: Told) -> Iterator[str]:
    names = "".join(mark if mark.isprintable() else "?" for mark in ", ".join(name for name, _ in samples))
    yield f"#:schema ./{SCHEMA_NAME}"
    yield f"# {code}: written by `crossdock mapping new` from {names}, which holds {', '.join(sorted(seen.messages))}."
    yield "#"
    yield "# Left is ours, right is theirs. Look at lines with a `# ?`: put each right or take its question mark away."
    yield "# Then: `crossdock mapping check`, `crossdock mapping try`."
    yield "version = 1"
    yield f'extends = "{seen.template}"  # what is not said here is as in this template'
    yield from ("", "[partner]", f"code = {toml_text(code)}")
    yield said("name", told.name, code.replace("_", " ").title(), "how people call it")
    yield said("timezone", told.timezone, "UTC", "dates and times in IDocs are in this zone")
    yield said("currency", told.currency, _currency(seen), "what they bill in")
    yield from ("", *_connection(code, seen, told))
    documents = _TEMPLATES[seen.template]
    unknown = sorted(seen.messages.keys() - documents.keys() - _ANSWERS - _TO_3PL - {"ORDERS", "ORDCHG"})
    if unknown:
        yield f"# ? nothing is made of {', '.join(unknown)}: add a document with that `root`, or leave it to be told"
    yield from _units(seen)
    yield from _fields(seen)


def _currency(seen: _Seen) -> str:
    found = (each.values.get("CURCY", "") for idoc in seen.messages.values() for each in idoc.named("E1EDK01"))
    return next(filter(None, found), "USD")


def _connection(code: str, seen: _Seen, told: Told) -> Iterator[str]:
    control = seen.first.control
    into_sap = control.get("DIRECT") == "2"
    doubt = ("the sample goes into SAP: are these the right way round",) if into_sap else ()
    ours, theirs = ("SND", "RCV") if into_sap else ("RCV", "SND")
    yield "[connection]"
    yield said("url", told.url, f"sftp://hub@sap.{code}.example/", "user and server; /out and /in are folders there")
    password = f'password = "secret:{code}_password"'
    yield password if told.has_password else f"# {password}  # the file secrets/{code}_password is to hold it"
    yield '# host_key = "SHA256:..."  # `crossdock connection check` shows it: ask whether it is theirs'
    yield noted(f"us   = {_side(control, ours)}", *doubt)
    yield noted(f"them = {_side(control, theirs)}", *doubt)
    if control.get("MANDT"):
        yield f"client = {toml_text(control['MANDT'])}"
    if control.get("TEST"):
        yield noted("test = true", "the sample is marked as a test: take this away for production")
    framing = seen.first.framing
    if framing.form is Form.FLAT:
        yield noted('form = "flat"', "theirs are flat: do they want ours so too")
        if framing.encoding not in ("utf-8", "ascii"):
            yield f"code_page = {toml_text(framing.encoding)}"


def _side(control: Mapping[str, str], prefix: str) -> str:
    number = control.get(f"{prefix}PRN", "") or "?"
    parts = [f"number = {toml_text(number)}", f"type = {toml_text(control.get(f'{prefix}PRT', '') or 'LS')}"]
    for key, name in (("POR", "port"), ("PFC", "function")):
        if control.get(prefix + key):
            parts.append(f"{name} = {toml_text(control[prefix + key])}")
    return f"{{ {', '.join(parts)} }}"


def _units(seen: _Seen) -> Iterator[str]:
    strange = sorted(seen.units.keys() - _UNITS)
    if strange:
        yield from ("", "[units]  # theirs = how many of our selling unit")
        yield from (noted(f"{toml_text(each)} = 1", "how many pieces does it hold") for each in strange)


def _fields(seen: _Seen) -> Iterator[str]:
    """Ask where our SKU stands when it is not under the qualifier that the template reads."""
    usual = "002" if seen.template == "sap_customer" else "001"
    if not seen.materials or usual in seen.materials:
        return
    found = seen.materials.most_common(1)[0][0]
    for message, path in (("ORDRSP", "../E1EDP01."), ("INVOIC", ""), ("ORDERS", "")):
        name = _TEMPLATES[seen.template].get(message)
        if name and message in seen.messages:
            rule = f'line.sku = {{ from = "{path}E1EDP19[QUALF={found}].IDTNR", optional = true }}'
            rule = rule.replace(", optional = true", "") if message == "ORDERS" else rule
            yield from ("", f"[documents.{name}.fields]", noted(rule, f"is our SKU under {found}"))
