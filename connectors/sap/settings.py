"""What a partner file may set under `[connection]` for `connector = "sap"`: folders, partner profile, form."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from hub.codec.idoc.dictionary import Dictionary, DictionaryRefused, dictionary_of, standard
from hub.codec.idoc.model import Form, Framing, Widths
from hub.codec.idoc.records import code_page
from hub.wire.exchange.settings import ExchangeSettings


class Side(BaseModel):
    """One side as SAP's partner profile (WE20) knows it: port, partner type, partner number, partner function.

    In flat files number and port have ten characters; converters that write XML take longer ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=35)]
    type: Annotated[
        str, StringConstraints(to_upper=True, max_length=2), Field(description="LS system, KU customer, LI vendor")
    ] = "LS"
    port: Annotated[str, StringConstraints(strip_whitespace=True, max_length=35)] = ""
    function: Annotated[str, StringConstraints(to_upper=True, max_length=2)] = ""

    def is_number(self, written: str) -> bool:
        """Say whether a partner number is this one; SAP fills numbers with zeros."""
        return written.lstrip("0") == self.number.lstrip("0")


class LineEnd(StrEnum):
    """What stands behind a flat record."""

    LF = "lf"
    CRLF = "crlf"
    NONE = "none"


class Acknowledge(StrEnum):
    """Whether the partner is told that its IDocs were read."""

    STATUS = "status"
    ALEAUD = "aleaud"
    NONE = "none"


_ENDS = {LineEnd.LF: "\n", LineEnd.CRLF: "\r\n", LineEnd.NONE: ""}


def _learned(said: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        dictionary_of(said)
    except DictionaryRefused as error:
        raise ValueError(str(error)) from None
    return said


def _known_page(name: str) -> str:
    """Return the name of a code page that files are read and written by, whatever it was called."""
    return code_page(name)


class SapSettings(ExchangeSettings):
    """One SAP partner: its folders (as in the files connector), both sides, and how its IDocs are written."""

    us: Side
    them: Side
    client: Annotated[str, StringConstraints(pattern=r"^([0-9]{3})?$"), Field(description="MANDT; may be empty")] = ""
    test: Annotated[bool, Field(description="IDocs are marked as a test; theirs are applied only then")] = False
    message_code: Annotated[str, StringConstraints(max_length=3), Field(description="MESCOD")] = ""
    message_function: Annotated[str, StringConstraints(max_length=3), Field(description="MESFCT")] = ""
    extension: Annotated[str, StringConstraints(max_length=30), Field(description="CIMTYP of what we send")] = ""
    form: Annotated[Form, Field(description="xml, or flat")] = Form.XML
    records: Annotated[Widths, Field(description="flat records: full 1063, cut to their segment, or trimmed")] = (
        Widths.FULL
    )
    line_end: LineEnd = LineEnd.LF
    code_page: Annotated[
        str, AfterValidator(_known_page), Field(description="of flat files: a number of SAP's, or a name")
    ] = "utf-8"
    releases: Annotated[
        Mapping[str, str], Field(description='segment releases that they take: { E1EDP01 = "E2EDP01003" }')
    ] = Field(default_factory=dict)
    dictionary: Annotated[
        Mapping[str, Any],
        AfterValidator(_learned),
        Field(description="their own segments, as `crossdock idoc learn` prints them, for flat files"),
    ] = Field(default_factory=dict)
    inbox: Annotated[str, Field(description="the files for us, a pattern such as /out/*")] = "/out/*"
    outbox: Annotated[str, Field(description="our files, with {message} and {number}")] = "/in/{message}_{number}.idoc"
    acknowledge: Annotated[
        Acknowledge, Field(description="send a STATUS for each IDoc of theirs, an ALEAUD, or none")
    ] = Acknowledge.NONE

    @property
    def words(self) -> Dictionary:
        """The segments that we know, with theirs."""
        return standard().with_added(dictionary_of(self.dictionary)) if self.dictionary else standard()

    @property
    def framing(self) -> Framing:
        """How our files are written."""
        if self.form is Form.XML:
            return Framing(Form.XML)
        end = _ENDS[self.line_end]
        widths = self.records if end else Widths.FULL
        return Framing(Form.FLAT, end, widths, self.code_page, last_end=bool(end))

    @property
    def counter(self) -> str:
        """The name of the counter that our IDoc numbers come from."""
        return f"idoc {self.us.number} {self.them.number}"
