"""Writing what leaves: a canonical record to one IDoc with the control record that the partner profile asks for."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connectors.sap import answers
from connectors.sap.settings import Acknowledge, SapSettings, Side
from hub.codec.idoc.dictionary import standard
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, Form, Idoc
from hub.codec.idoc.tree import idoc_of
from hub.codec.idoc.writer import CannotWrite, write
from hub.contract import BadRecord, Numbers, Rendered
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.transmission import FunctionalAcknowledgement, transmission_reference

_HIGHEST = 10**16 - 1
_INTO_SAP = "2"


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes for one partner; dates in control records are in the partner's time zone."""

    settings: SapSettings
    translator: Documents
    timezone: str

    def document(self, name: str, record: Record, numbers: Numbers) -> Rendered:
        """Return the IDoc for a record, under the next number; raises BadRecord.

        The mapping file names the type by `root` and the message by EDI_DC40.MESTYP; what else it says of the control
        record stays as it says.
        """
        try:
            return self._numbered(idoc_of(self.translator.render_tree(name, record), self.settings.words), numbers)
        except CannotWrite as error:
            raise _unwritable(record, str(error)) from None

    def acknowledgement(self, record: FunctionalAcknowledgement, numbers: Numbers) -> Rendered:
        """Return the STATUS or ALEAUD that tells the partner what became of an IDoc of theirs."""
        if self.settings.acknowledge is Acknowledge.ALEAUD:
            tree = standard().tree("ALEAUD01")
            return self._numbered(Idoc({"MESTYP": "ALEAUD"}, answers.audit(record), tree=tree, root=tree.name), numbers)
        at = numbers.now().astimezone(ZoneInfo(self.timezone))
        idoc = Idoc(
            {"MESTYP": "STATUS"}, [answers.status(record, at)], tree=standard().tree("SYSTAT01"), root="SYSTAT01"
        )
        return self._numbered(idoc, numbers)

    def _numbered(self, idoc: Idoc, numbers: Numbers) -> Rendered:
        settings = self.settings
        number = (numbers.next(settings.counter) - 1) % _HIGHEST + 1
        at = numbers.now().astimezone(ZoneInfo(self.timezone))
        said = {
            "MANDT": settings.client,
            "DOCNUM": f"{number:016}",
            "DIRECT": _INTO_SAP,
            "TEST": "X" if settings.test else "",
            "IDOCTYP": idoc.root,
            "CIMTYP": settings.extension,
            "MESCOD": settings.message_code,
            "MESFCT": settings.message_function,
            **_side("SND", settings.us),
            **_side("RCV", settings.them),
            "CREDAT": f"{at:%Y%m%d}",
            "CRETIM": f"{at:%H%M%S}",
            "REFMES": f"{number:014}"[-14:],
            "SERIAL": f"{at:%Y%m%d%H%M%S}",
        } | idoc.control
        said["TABNAM"] = CONTROL
        idoc.control = {key: said[key] for key in CONTROL_RECORD.names if said.get(key)}
        content = write([idoc], settings.framing, dictionary=settings.words, releases=settings.releases)
        message = idoc.message_type or idoc.basic_type
        name = settings.outbox.format(message=message, number=f"{number:016}")
        if settings.form is Form.XML and name.endswith(".idoc"):
            name = name.removesuffix(".idoc") + ".xml"
        return Rendered(content, name, transmission_reference(answers.GROUP, str(number)))


def _side(prefix: str, side: Side) -> dict[str, str]:
    return {
        f"{prefix}POR": side.port,
        f"{prefix}PRT": side.type,
        f"{prefix}PFC": side.function,
        f"{prefix}PRN": side.number,
    }


def _unwritable(record: Record, why: str) -> BadRecord:
    number = getattr(record, "number", "") or type(record).__name__
    return BadRecord(
        f"it cannot be written as an IDoc: {why}",
        record=str(number),
        todo="correct the value at its origin or in the mapping file, then rerun",
        code="idoc unwritable",
    )
