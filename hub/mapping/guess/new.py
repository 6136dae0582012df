"""`mapping new`: from samples to a mapping file that passes its check, or to a sentence that says why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hub.mapping.guess.choice import DOCUMENTS, is_order
from hub.mapping.guess.draft import Draft, draft
from hub.mapping.guess.formats import read_json, read_workbook, read_xml
from hub.mapping.guess.idoc_sample import idoc_mapping, is_idoc
from hub.mapping.guess.interchange import interchange_mapping, is_interchange
from hub.mapping.guess.sample import NoSample, Reader, read_sample
from hub.mapping.guess.trial import ROWS, embedded_test
from hub.mapping.guess.vocabulary import data
from hub.mapping.guess.write import Sampled, Told, write, write_new
from hub.mapping.partner_file import PartnerFile

#: Who reads which samples, by the ending of the file; a new kind of sample is one function and one line here.
READERS: Final[Mapping[str, Reader]] = {
    ".json": read_json,
    ".ndjson": read_json,
    ".xml": read_xml,
    ".xlsx": read_workbook,
}
_AN_ORDER: Final = (
    "it looks like an order, for it says where the goods are to go; a partner's file is drawn up from what the partner "
    "sends us back. What our orders look like says [documents.order] of the template; "
    "where the sample is no order after all, say --document"
)
_MOST_NAMED: Final = 30
_FEWEST_KEYS: Final = 3
NOTHING_TOLD: Final = Told()
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,30}")


@dataclass(frozen=True, slots=True)
class Written:
    """A mapping file that was written, with what was guessed."""

    path: Path
    documents: tuple[Sampled, ...]

    @property
    def questions(self) -> tuple[tuple[int, str, str], ...]:
        """The lines that are marked `# ?`: number, what stands there, and what is to be looked at."""
        lines = enumerate(self.path.read_text("utf-8").splitlines(), 1)
        parts = ((number, line.partition("# ?")) for number, line in lines)
        return tuple(
            (number, before.strip(), asked.strip())
            for number, (before, mark, asked) in parts
            if mark and (not before or before.endswith("  "))
        )


def new_mapping(
    code: str,
    samples: Sequence[tuple[Path, str | None]],
    folder: Path,
    load: Callable[[Path], PartnerFile],
    *,
    told: Told = NOTHING_TOLD,
    force: bool = False,
) -> Written:
    """Write `folder/code.toml` from samples, each with its document where somebody said it.

    Raises NoSample for a sample that cannot be used, FileExistsError for a file that is there already.
    """
    if not _CODE.fullmatch(code):
        raise NoSample(f"{code!r} is no code of a partner: small letters, digits, - and _, beginning with a letter")
    path = folder / f"{code}.toml"
    if path.exists() and not force:
        raise FileExistsError(path)
    for speaks in _SPEAKING:
        if any(speaks.known(file.read_bytes()) for file, _ in samples):
            return _from_speaking(speaks, code, samples, path, load, told)
    documents = tuple(_sampled(code, file, document) for file, document in samples)
    names = [each.draft.choice.document for each in documents]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise NoSample(f"two samples look like {twice}; say --document for each, in the same order")
    folder.mkdir(parents=True, exist_ok=True)
    write_new(path, _tested(code, told, documents, folder, load))
    return Written(path, documents)


@dataclass(frozen=True, slots=True)
class _Speaking:
    """A format whose documents say themselves what they are and between whom: one file for all samples of it."""

    name: str
    known: Callable[[bytes], bool]
    mapping: Callable[[str, Sequence[tuple[str, bytes]], Told, Callable[[str], PartnerFile]], str]


_SPEAKING: Final = (
    _Speaking("X12 interchange", is_interchange, interchange_mapping),
    _Speaking("IDoc", is_idoc, idoc_mapping),
)


def _from_speaking(
    speaks: _Speaking,
    code: str,
    samples: Sequence[tuple[Path, str | None]],
    path: Path,
    load: Callable[[Path], PartnerFile],
    told: Told,
) -> Written:
    contents = [(file.name, file.read_bytes()) for file, _ in samples]
    strange = [name for name, content in contents if not speaks.known(content)]
    if strange:
        raise NoSample(
            f"{', '.join(strange)}: no {speaks.name}, as the other samples are; a partner has one connection"
        )
    path.parent.mkdir(parents=True, exist_ok=True)

    def load_text(text: str) -> PartnerFile:
        return _loaded(text, code, path.parent, load)

    write_new(path, speaks.mapping(code, contents, told, load_text))
    return Written(path, ())


def _sampled(code: str, file: Path, document: str | None) -> Sampled:
    sample = read_sample(file.read_bytes(), file.name, READERS)
    made = draft(sample, document, code)
    missing = _missing(made)
    if missing:
        raise NoSample(f"{file.name}: {_useless(made, missing, told=document is not None)}")
    if document is None and is_order(sample.columns):
        raise NoSample(f"{file.name}: {_AN_ORDER}")
    return Sampled(made, file.name)


def _useless(made: Draft, missing: list[str], *, told: bool) -> str:
    """Return why a sample makes no document: of one that is named what it lacks, else that it looks like none."""
    names = [column.name for column in made.sample.columns]
    keys = _keys(names)
    if keys:
        shown = ", ".join(keys[:3])
        return f"its records stand under names of their own ({shown}, ...) and in no list; ask for a list of records"
    columns = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" * (len(names) > _MOST_NAMED))
    lacks = f"needs {' and '.join(missing)}, and no column of it looks like that ({columns})"
    if told:
        return f"{made.choice.document} {lacks}; ask for a sample that has it"
    if len(missing) * 2 > len(data("documents")[made.choice.kind.value]["needed"]):
        return (
            f"it looks like none of {', '.join(DOCUMENTS)}; its columns are: {columns}. "
            "Say --document when it is one of them, or ask for a file with a header that names the columns"
        )
    most = f"it looks most like {made.choice.document}, which {lacks}"
    return f"{most}; say --document when it is another one, or ask for a sample that has it"


def _keys(names: Sequence[str]) -> list[str]:
    """Return what several columns are called by that are alike but for one step: `stock.AX-1.qty`, `stock.AX-2.qty`."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name in names:
        above, _, rest = name.partition(".")
        key, _, value = rest.rpartition(".")
        if key:
            alike.setdefault((above, value), []).append(key)
    return max((keys for keys in alike.values() if len(keys) >= _FEWEST_KEYS), key=len, default=[])


def _missing(made: Draft) -> list[str]:
    """Return the needed fields that nothing makes; a column for each warehouse makes the quantity."""
    return [name for name in made.choice.missing if not (name == "quantity" and made.spread)]


def _tested(
    code: str, told: Told, documents: Sequence[Sampled], folder: Path, load: Callable[[Path], PartnerFile]
) -> str:
    """Return the text with its embedded tests: what the draft itself makes of the samples' first rows."""
    file = _loaded(write(code, told, documents, {}), code, folder, load)
    tests, zone = {}, ZoneInfo(file.partner.timezone)
    for each in documents:
        excerpt = each.draft.sample.excerpt
        if excerpt is not None:
            name = each.draft.choice.document
            tests[name] = embedded_test(file.documents.inward[name], excerpt(ROWS), zone)
    return write(code, told, documents, tests)


def _loaded(text: str, code: str, folder: Path, load: Callable[[Path], PartnerFile]) -> PartnerFile:
    """Read a draft as the hub would read the file."""
    path = folder / f".{code}.draft.toml"
    try:
        path.write_text(text, "utf-8")
        return load(path)
    finally:
        path.unlink(missing_ok=True)
