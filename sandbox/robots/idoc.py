"""The IDocs of the robots: columns cut and filled by hand, XML by the standard library; nothing of the codec.

A robot is a careful clerk: the control record has to fit the partner profile, and what the order needs has to stand
where it stands in ORDERS05 and DELVRY03, or the IDoc gets status 51 with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree as ET

from sandbox.robots.files import Unreadable

#: Where the fields stand that a robot reads or writes: column and width within the data of a segment.
COLUMNS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "E2EDK01005": {"ACTION": (0, 3), "CURCY": (4, 3), "BSART": (79, 4), "BELNR": (83, 35)},
    "E2EDK02": {"QUALF": (0, 3), "BELNR": (3, 35), "DATUM": (44, 8)},
    "E2EDK03": {"IDDAT": (0, 3), "DATUM": (3, 8)},
    "E2EDKA1003": {
        "PARVW": (0, 3), "PARTN": (3, 17), "NAME1": (37, 35), "NAME2": (72, 35), "STRAS": (177, 35),
        "ORT01": (282, 35), "PSTLZ": (326, 9), "LAND1": (344, 3), "REGIO": (655, 3),
    },
    "E2EDP01011": {
        "POSEX": (0, 6), "ACTION": (6, 3), "MENGE": (11, 15), "MENEE": (26, 3), "VPREI": (54, 15), "PEINH": (69, 9),
        "ABGRU": (212, 2), "ABGRT": (214, 40),
    },
    "E2EDP02002": {"QUALF": (0, 3), "BELNR": (3, 35), "ZEILE": (38, 6), "IHREZ": (93, 30)},
    "E2EDP20002": {"WMENG": (0, 15), "EDATU": (30, 8)},
    "E2EDP19003": {"QUALF": (0, 3), "IDTNR": (3, 35), "KTEXT": (38, 70)},
    "E2EDS01": {"SUMID": (0, 3), "SUMME": (3, 18)},
    "E2EDL20004": {"VBELN": (0, 10), "BOLNR": (149, 35)},
    "E2ADRM1001": {
        "PARTNER_Q": (0, 3), "NAME1": (55, 40), "STREET1": (375, 40), "POSTL_COD1": (509, 10), "CITY1": (544, 40),
        "COUNTRY1": (874, 3),
    },
    "E2EDT13001": {"QUALF": (0, 3), "ISDD": (61, 8)},
    "E2EDL24007": {
        "POSNR": (0, 6), "MATNR": (6, 18), "KDMAT": (154, 22), "LFIMG": (176, 15), "VRKME": (191, 3),
        "USR01": (563, 35), "ORMNG": (937, 15),
    },
    "E2EDL41000": {"QUALI": (0, 3), "BSTNR": (3, 35), "POSEX": (62, 6)},
    "E2EDL37006": {"EXIDV": (0, 20), "EXIDV2": (337, 20)},
    "E2EDL44005": {"VBELN": (1, 10), "POSNR": (11, 6), "VEMNG": (37, 17), "VEMEH": (54, 3)},
    "E2STATS": {
        "DOCNUM": (13, 16), "LOGDAT": (29, 8), "LOGTIM": (37, 6), "STATUS": (43, 2), "STATXT": (103, 70),
        "STATYP": (381, 1),
    },
}  # fmt: skip
_CONTROL = {
    "TABNAM": (0, 10), "MANDT": (10, 3), "DOCNUM": (13, 16), "DIRECT": (35, 1), "TEST": (38, 1), "IDOCTYP": (39, 30),
    "MESTYP": (99, 30), "SNDPOR": (148, 10), "SNDPRT": (158, 2), "SNDPRN": (162, 10), "RCVPOR": (263, 10),
    "RCVPRT": (273, 2), "RCVPRN": (277, 10), "CREDAT": (378, 8), "CRETIM": (386, 6),
}  # fmt: skip
_CLIENT = "400"


@dataclass(slots=True)
class Seg:
    """A segment by its name in XML, its fields, and how deep it stands (1 is the top)."""

    name: str
    fields: dict[str, str]
    depth: int = 1


@dataclass(slots=True)
class Document:
    """One IDoc: its control record and its segments in their order."""

    control: dict[str, str]
    segments: list[Seg] = field(default_factory=list)

    def value(self, name: str, key: str, **where: str) -> str:
        """Return a field of the first segment of this name in which other fields are so; "" without one."""
        return value(self.segments, name, key, **where)


def value(segments: Iterable[Seg], name: str, key: str, **where: str) -> str:
    """Return a field of the first segment of this name in which other fields are so; "" without one."""
    for each in segments:
        if each.name == name and all(each.fields.get(field) == wanted for field, wanted in where.items()):
            return each.fields.get(key, "")
    return ""


def groups(segments: Sequence[Seg], name: str) -> Iterator[list[Seg]]:
    """Yield each segment of this name with those below it."""
    for at, each in enumerate(segments):
        if each.name == name:
            below = [each]
            for other in segments[at + 1 :]:
                if other.depth <= each.depth:
                    break
                below.append(other)
            yield below


# --- reading ---------------------------------------------------------------------------------------------------------


def read(content: bytes) -> list[Document]:
    """Return the IDocs of a file in either form; raises Unreadable."""
    documents = _from_xml(content) if content.lstrip().startswith(b"<") else _from_records(content)
    if not documents:
        raise Unreadable("there is no IDoc in the file")
    return documents


def _from_xml(content: bytes) -> list[Document]:
    if b"<!DOCTYPE" in content:
        raise Unreadable("an IDoc has no document type")
    try:
        root = ET.fromstring(content)  # noqa: S314 - no document type, so no entities; and the hub's own file
    except ET.ParseError as bad:
        raise Unreadable(f"not XML: {bad}") from bad
    documents = []
    for idoc in root.iter("IDOC"):
        control, *rest = list(idoc)
        if control.tag != "EDI_DC40":
            raise Unreadable("the IDoc does not begin with EDI_DC40")
        document = Document(_texts(control))
        for segment in rest:
            _take(document, segment, 1)
        documents.append(document)
    return documents


def _take(document: Document, element: ET.Element, depth: int) -> None:
    document.segments.append(Seg(element.tag, _texts(element), depth))
    for below in element:
        if below.get("SEGMENT"):
            _take(document, below, depth + 1)


def _texts(element: ET.Element) -> dict[str, str]:
    return {each.tag: (each.text or "").strip() for each in element if not each.get("SEGMENT")}


def _from_records(content: bytes) -> list[Document]:
    documents: list[Document] = []
    levels: dict[str, int] = {}
    for record in content.decode("utf-8").splitlines():
        if record.startswith("EDI_DC40"):
            documents.append(Document(_cut(record, _CONTROL)))
            levels = {"000000": 0}
        elif record.strip():
            if not documents:
                raise Unreadable("a data record stands before any control record")
            number, above = record[49:55], record[55:61]
            if above not in levels:
                raise Unreadable(f"segment {number} stands below {above}, which there is not")
            levels[number] = levels[above] + 1
            name = record[:30].strip()
            columns = _columns(name)
            documents[-1].segments.append(Seg(_plain(name), _cut(record[63:], columns), levels[number]))
    return documents


def _columns(name: str) -> Mapping[str, tuple[int, int]]:
    """Return the columns of a segment in whatever release: older ones are beginnings of the newest."""
    plain = _plain(name)
    return next((columns for each, columns in COLUMNS.items() if _plain(each) == plain), {})


def _plain(name: str) -> str:
    """Return the name in XML: E2EDP01011 is E1EDP01."""
    bare = name[:-3] if len(name) > 7 and name[-3:].isdigit() else name
    return f"E1{bare[2:]}" if bare.startswith("E2") else bare


def _cut(text: str, columns: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    cells = {key: text[at : at + width].strip() for key, (at, width) in columns.items()}
    return {key: cell for key, cell in cells.items() if cell}


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Desk:
    """Writes IDocs from one firm to the hub, each under the next number; partners are (type, number, port)."""

    us: tuple[str, str, str]
    them: tuple[str, str, str]
    numbers: int = 0

    def control(self, kind: str, message: str, now: datetime) -> dict[str, str]:
        """Return the next control record."""
        self.numbers += 1
        return {
            "TABNAM": "EDI_DC40", "MANDT": _CLIENT, "DOCNUM": f"{self.numbers:016}", "DIRECT": "1",
            "IDOCTYP": kind, "MESTYP": message, "SNDPOR": self.us[2], "SNDPRT": self.us[0], "SNDPRN": self.us[1],
            "RCVPOR": self.them[2], "RCVPRT": self.them[0], "RCVPRN": self.them[1],
            "CREDAT": f"{now:%Y%m%d}", "CRETIM": f"{now:%H%M%S}",
        }  # fmt: skip

    def flat(self, kind: str, message: str, segments: Sequence[Seg], now: datetime) -> bytes:
        """Return an IDoc as records of 1063 characters, a line each."""
        control = self.control(kind, message, now)
        lines = [_filled("", control, _CONTROL).ljust(524)]
        open_: list[int] = [0]
        for number, each in enumerate(segments, start=1):
            del open_[each.depth :]
            name = next(full for full in COLUMNS if _plain(full) == each.name)
            header = f"{name:30}{_CLIENT}{control['DOCNUM']}{number:06}{open_[-1]:06}{each.depth:02}"
            lines.append(_filled(header, each.fields, COLUMNS[name]).ljust(1063))
            open_.append(number)
        return "".join(f"{line}\n" for line in lines).encode()

    def xml(self, kind: str, message: str, segments: Sequence[Seg], now: datetime) -> bytes:
        """Return an IDoc as XML."""
        root = ET.Element(kind)
        path = [ET.SubElement(root, "IDOC", BEGIN="1")]
        _put(path[0], "EDI_DC40", self.control(kind, message, now))
        for each in segments:
            del path[each.depth :]
            path.append(_put(path[-1], each.name, each.fields))
        return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _filled(header: str, fields: Mapping[str, str], columns: Mapping[str, tuple[int, int]]) -> str:
    start = len(header)
    record = list(header.ljust(1063))
    for key, text in fields.items():
        at, width = columns[key]
        record[start + at : start + at + width] = text[:width].ljust(width)
    return "".join(record).rstrip()


def _put(above: ET.Element, name: str, fields: Mapping[str, str]) -> ET.Element:
    made = ET.SubElement(above, name, SEGMENT="1")
    for key, text in fields.items():
        if text:
            ET.SubElement(made, key).text = text
    return made
