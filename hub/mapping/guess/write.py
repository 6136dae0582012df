"""Writes a guess down as a mapping file: commented, sure and unsure told apart, the sample's first rows as a test."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from hub.mapping.guess.draft import Draft, Line
from hub.mapping.guess.figure import AMOUNTS
from hub.mapping.guess.meaning import Meant
from hub.mapping.guess.reading import reading
from hub.mapping.guess.toml import printable, toml_text
from hub.mapping.house import house_folder

#: The house template that a file extends: that of its samples' format, so that what goes out is written alike.
_TEMPLATES: Final = {"json": "json_supplier", "xml": "xml_supplier", "xlsx": "xlsx_supplier", "fixed": "fixed_supplier"}
_USUAL: Final = "csv_supplier"
#: The schema that editors complete and check by; it stands beside the mapping files.
SCHEMA_NAME: Final = "mapping.schema.json"
_WIDTH: Final = 118
#: What is asked about a code, by its table.
_QUESTIONS: Final = {
    AMOUNTS: "how many pieces may be promised then",
    "answers": "accepted, changed, backordered or rejected",
    "statuses": "active or discontinued",
    "certainties": "planned, ordered or in_transit",
}
#: What it means that a file is the whole of something, by document.
_WHOLE: Final = {
    "stock": "what the file does not list has no stock",
    "catalogue": "all that is sold",
    "inbound": "what the file does not list is not coming",
}


@dataclass(frozen=True, slots=True)
class Sampled:
    """One document of the file to be: what was guessed of it, and the sample's name."""

    draft: Draft
    file_name: str


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody said of a partner beside its samples; what is empty is guessed and marked."""

    name: str = ""
    url: str = ""
    timezone: str = ""
    currency: str = ""
    has_password: bool = False  # the secrets folder holds it already


def write(code: str, told: Told, documents: Sequence[Sampled], tests: Mapping[str, str]) -> str:
    """Return the mapping file of a partner; `tests` are the embedded tests by document, as TOML."""
    parts = [_head(code, told, documents), _connection(code, told)]
    parts += [_units(documents), _tables(documents), _nodes(documents)]
    for each in documents:
        parts.append(_document(each, template(documents)))
        parts.append(tests.get(each.draft.choice.document, ""))
    return "\n".join(part for part in parts if part)


def noted(setting: str, *doubts: str, sure: str = "") -> str:
    """Return a line with its remark: `# ?` and why when something is to be looked at."""
    told = "; ".join(doubt for doubt in doubts if doubt)
    remark = f"# ? {printable(told)}".rstrip() if doubts else f"# {sure}" if sure else ""
    return f"{setting}  {remark}".rstrip()


def _head(code: str, told: Told, documents: Sequence[Sampled]) -> str:
    names = printable(", ".join(each.file_name for each in documents))
    seen = next((each.draft.currency for each in documents if each.draft.currency), "")
    lines = [
        f"#:schema ./{SCHEMA_NAME}",
        f"# {_title(code)}: written by `crossdock mapping new` from {names}.",
        "#",
        "# Left is ours, right is theirs. The figure behind a line says how sure it is. Look at lines with a `# ?`:",
        "# put each right or take its question mark away. Then: `crossdock mapping check`, `crossdock mapping try`.",
        "version = 1",
        f'extends = "{template(documents)}"  # what is not said here is as in this template',
        "",
        "[partner]",
        f"code     = {toml_text(code)}",
        _said("name", told.name, _title(code), "how people call it"),
        'role     = "supplier"',
        _said("timezone", told.timezone, "UTC", 'times without a zone are meant so, such as "Europe/Berlin"'),
        noted(f"currency = {toml_text(seen)}", sure="seen in the sample")
        if seen and not told.currency
        else _said("currency", told.currency, "EUR", "no currency was seen in the sample"),
    ]
    return "\n".join(lines) + "\n"


def _title(code: str) -> str:
    return code.replace("_", " ").replace("-", " ").title()


def said(key: str, word: str, guess: str, doubt: str) -> str:
    """Return a setting of the partner as somebody said it, or the guess with its question mark."""
    return f"{key} = {toml_text(word)}" if word else noted(f"{key} = {toml_text(guess)}", doubt)


def _said(key: str, word: str, guess: str, doubt: str) -> str:
    return said(f"{key:8}", word, guess, doubt)


def _connection(code: str, told: Told) -> str:
    password = f'password = "secret:{code}_password"'
    lines = [
        "[connection]",
        _said("url", told.url, f"sftp://hub@sftp.{code}.example/", "user and server; /out and /in are folders there"),
        password if told.has_password else f"# {password}  # the file secrets/{code}_password is to hold it",
        '# host_key = "SHA256:..."  # `crossdock connection check` shows it: ask whether it is theirs',
    ]
    return "\n".join(lines) + "\n"


def _units(documents: Sequence[Sampled]) -> str:
    meant = {each.theirs: each for sampled in documents for each in sampled.draft.units}
    if not meant:
        return ""
    lines = ["[units]  # theirs = how many of our selling unit"]
    lines += [
        noted(f"{_key(each.theirs)} = {each.ours}", *(() if each.sure else ("how many pieces does it hold",)))
        for each in meant.values()
    ]
    return "\n".join(lines) + "\n"


def _tables(documents: Sequence[Sampled]) -> str:
    tables: dict[str, dict[str, Meant]] = {}
    for sampled in documents:
        for name, meant in sampled.draft.tables.items():
            tables.setdefault(name, {}).update({each.theirs: each for each in meant})
    return "\n".join(_table(name, tuple(meant.values())) for name, meant in tables.items())


def _table(name: str, meant: Sequence[Meant]) -> str:
    lines = [f"[tables.{name}]  # theirs = ours"]
    lines += [
        noted(f"{_key(each.theirs)} = {_scalar(each.ours)}", *(() if each.sure else (_question(name),)))
        for each in meant
    ]
    return "\n".join(lines) + "\n"


def _question(table: str) -> str:
    return _QUESTIONS.get(table, "true or false")


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return toml_text(value) if isinstance(value, str) else str(value)


def _nodes(documents: Sequence[Sampled]) -> str:
    nodes = {code: name for sampled in documents for name, code in sampled.draft.nodes.items()}
    return "\n".join(f"[nodes.{_key(code)}]\nname = {toml_text(name)}\n" for code, name in nodes.items())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def template(documents: Sequence[Sampled]) -> str:
    """Return the template for samples of one format; for a mixture, and without a list of records, the usual one."""
    formats = {each.draft.sample.format for each in documents}
    found = _TEMPLATES.get(next(iter(formats)), _USUAL) if len(formats) == 1 else _USUAL
    rootless = any(each.draft.sample.format in ("json", "xml") and not each.draft.sample.rows for each in documents)
    return _USUAL if rootless else found


def _document(sampled: Sampled, extended: str) -> str:
    draft = sampled.draft
    choice = draft.choice
    lines = [f"[documents.{choice.document}]"]
    if not choice.sure:
        lines.append("# ? is it this document? `--document` says which one a sample is")
    lines += [
        'direction = "in"',
        f'makes     = "{choice.kind.value}"',
        noted(f"files     = {toml_text(_pattern(sampled.file_name))}", "the folder and name under which they come"),
    ]
    if choice.document in _WHOLE:
        what = _WHOLE[choice.document]
        lines.append(noted('mode      = "snapshot"', f'{what}; "delta": what it does not list has not changed'))
    lines += reading(draft)
    lines += ["", f"[documents.{choice.document}.fields]"]
    lines += _fields(draft, extended)
    return "\n".join(lines) + "\n"


def _fields(draft: Draft, extended: str) -> Iterator[str]:
    width = max((len(line.left) for line in draft.lines), default=0)
    for line in draft.lines:
        yield _field(line, width)
    made = {line.left for line in draft.lines}
    for name in inherited(extended, draft.choice.document):
        if name not in made and name.removeprefix("record.") not in made:
            yield f"{name:{width}} = false  # the template has it, this file does not"
    if draft.unused:
        yield from _wrapped("# not used: ", printable(", ".join(draft.unused)))


def _field(line: Line, width: int) -> str:
    figure = f"{min(round(line.mark), 99)} %"
    setting = f"{line.left:{width}} = {line.right}"
    return noted(setting, ": ".join([figure, "; ".join(line.doubts)])) if line.doubts else noted(setting, sure=figure)


def _wrapped(start: str, text: str) -> Iterator[str]:
    line = start
    for word in text.split(" "):
        if len(line) + len(word) > _WIDTH and line != start:
            yield line.rstrip()
            line = "# "
        line += word + " "
    yield line.rstrip()


def inherited(extended: str, document: str) -> tuple[str, ...]:
    """Return the fields that the template makes of a document, `line.` and all."""
    path = house_folder() / "templates" / f"{extended}.toml"
    found = tomllib.loads(path.read_text("utf-8"))["documents"].get(document, {}).get("fields", {})
    return tuple(_flat(found, ""))


def _flat(fields: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, dict) and not {"from", "value", "formula"} & value.keys():
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _pattern(file_name: str) -> str:
    """Return the pattern that a sample's name suggests: figures of a date or a number become *."""
    path = PurePath(file_name)
    stem = re.sub(r"\d[\d_.T-]*", "*", path.stem)
    stem = stem if "*" in stem or stem == "sample" else f"{stem}*"
    return f"/out/{'*' if stem == 'sample' else stem}{path.suffix}"


def write_new(path: Path, text: str) -> None:
    """Write a file so that whoever looks at the folder sees all of it or nothing."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
