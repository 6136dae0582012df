"""A sample as a table of columns, whatever it was written in, with all that a mapping file says of the writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Final

from hub.mapping.guess.column import Column, columns
from hub.mapping.guess.encoding import Decoded, decode
from hub.mapping.guess.fixed import fixed_columns
from hub.mapping.guess.layout import Sheet, read_sheet, without_totals
from hub.mapping.guess.no_feed import unpacked
from hub.mapping.guess.vocabulary import tokens

#: So many rows say what a column is.
_LOOKED_AT: Final = 1000
#: Words of headers that only English uses for a date or an article: there 03/04 may be the fourth of March.
_ENGLISH: Final = frozenset(
    """sku item part product quantity qty available date updated price cost name description number order shipped
    stock""".split()
)
_AMERICAN: Final = frozenset({"usd", "lbs", "oz", "zip", "msrp", "upc", "whse", "itm"})


class NoSample(ValueError):
    """A sample that nothing can be learned from: what it is, and what to do."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a reader of samples makes of a file."""

    format: str
    sheet: Sheet
    encoding: str = "utf-8"
    encoding_sure: bool = True
    rows: str = ""  # the path of the records, for trees
    named: str = ""  # words of the file that tell the document: its name, its root element
    excerpt: Callable[[int], str] | None = None  # the first records as a test's text
    month_first: bool = False
    page: str = ""  # the sheet of a workbook, where it is not the only one
    other_pages: tuple[str, ...] = ()  # sheets that could be meant as well
    spans: Mapping[str, str] = field(default_factory=dict)  # of fixed width: column = "first-last"

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that have a name."""
        sheet = self.sheet
        rows = sheet.rows[:_LOOKED_AT]
        return columns(sheet.header, rows, month_first=self.month_first, labels=sheet.labels)


#: Reads one kind of sample: from bytes and the file's name to a Sample; raises ValueError.
Reader = Callable[[bytes, str], Sample]


def read_delimited(content: bytes, _name: str) -> Sample:
    """Read a sample of delimited text."""
    decoded = decode(content)
    sheet = read_sheet(decoded.text)
    spans = fixed_columns(decoded.text.splitlines()) if len(sheet.header) == 1 else {}
    if spans:
        return _fixed(decoded, spans)
    lines = decoded.text.splitlines()[: max(200, sheet.header_line)]

    def excerpt(count: int) -> str:
        return "\n".join([*lines[: sheet.header_line], *sheet.lines[:count]]) + "\n"

    return Sample("csv", sheet, decoded.encoding, decoded.sure, excerpt=excerpt)


def _fixed(decoded: Decoded, spans: Mapping[str, str]) -> Sample:
    """Return a text of fixed width as a table; its first line, which names the columns, is passed over."""
    lines = [line for line in decoded.text.splitlines() if line.strip()]
    places = [tuple(map(int, span.split("-"))) for span in spans.values()]
    cut = [(number, [line[first - 1 : last] for first, last in places]) for number, line in enumerate(lines)]
    kept, totals = without_totals(cut[1:], len(places), tuple(spans))
    rows = tuple(tuple(row) for _, row in kept)
    below = tuple(lines[number] for number, _ in kept)
    first = kept[0][0] if kept else 1
    sheet = Sheet(tuple(spans), rows, first, totals=totals if first == 1 else totals[1:], lines=below)

    def excerpt(count: int) -> str:
        return "\n".join([*lines[:first], *below[:count]]) + "\n"

    return Sample("fixed", sheet, decoded.encoding, decoded.sure, excerpt=excerpt, spans=spans)


def read_sample(content: bytes, name: str, readers: Mapping[str, Reader]) -> Sample:
    """Read a sample by the ending of its name, or by its first bytes; what no reader knows is delimited text.

    Raises NoSample.
    """
    ending = PurePath(name.lower().removesuffix(".gz").removesuffix(".zip")).suffix
    try:
        content = unpacked(content)
        reader = readers.get(ending) or readers.get(_ending_of(content)) or read_delimited
        sample = reader(content, name)
    except NoSample:
        raise
    except ValueError as error:
        raise NoSample(f"{name}: {error}") from None
    if not sample.sheet.rows:
        raise NoSample(f"{name}: there is a header and no row below it; ask for a sample with a few rows")
    return replace(sample, named=f"{PurePath(name).stem} {sample.named}", month_first=_is_american(sample.sheet))


def _ending_of(content: bytes) -> str:
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith(b"PK\x03\x04"):
        return ".xlsx"
    if start[:1] in (b"{", b"["):
        return ".json"
    return ".xml" if start.startswith(b"<") else ""


def _is_american(sheet: Sheet) -> bool:
    """Whether 03/04 is likelier the fourth of March: English headers, commas between cells, a decimal point."""
    words = [token.text for name in sheet.header for token in tokens(name)]
    if sheet.delimiter == ";" or not words:
        return False
    english = sum(1 for word in words if word in _ENGLISH)
    return english * 3 >= len(words) or any(word in _AMERICAN for word in words)
