"""Compares what `mapping new` wrote for a feed with the answer beside the feed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.contract import BadRecord
from hub.mapping.guess.new import new_mapping
from hub.mapping.house import house_folder
from hub.mapping.inward import Inward
from hub.mapping.partner_file import PartnerFile, load
from hub.model.number import plain
from tests.mapping.lab import MODELS

FEEDS = Path(__file__).with_name("feeds")


@dataclass(frozen=True)
class Answer:
    """One thing that the answer asks for: whether the file has it right, and whether its line asks for a look."""

    feed: str
    what: str
    wanted: object
    found: object
    right: bool
    marked: bool

    @property
    def wrong_and_silent(self) -> bool:
        """A guess that is wrong and does not say that it may be; what is not guessed at all is no wrong guess."""
        return not self.right and not self.marked and self.found is not None

    def __str__(self) -> str:
        verdict = "right" if self.right else "missing" if self.found is None else "WRONG"
        return (
            f"{self.feed}: {self.what}: {verdict}, found {self.found!r}, wanted {self.wanted!r}, marked {self.marked}"
        )


def feeds(folder: Path) -> list[Path]:
    """Return the feeds of a folder."""
    return sorted(each for each in folder.iterdir() if each.is_file() and each.suffix not in (".toml", ".md"))


def opened(path: Path, models: dict[str, type[BaseModel]] | None = None) -> PartnerFile:
    """Load a mapping file over the house templates."""
    return load(path, house=house_folder(), settings_models=models or MODELS, secrets=lambda _: None)


def measured(feed: Path, folder: Path) -> list[Answer]:
    """Write a mapping for a feed and compare it with the answer."""
    answer = tomllib.loads(feed.with_name(f"{feed.stem}.answer.toml").read_text("utf-8"))
    written = new_mapping("acme", [(feed, None)], folder, opened, force=True)
    file = opened(written.path)
    assert file.run_tests() == [], [str(each.problem()) for each in file.run_tests()]
    return list(_Judge(feed, answer, written.path.read_text("utf-8"), file).answers())


class _Judge:
    """One feed's answer against its file."""

    def __init__(self, feed: Path, answer: dict[str, Any], text: str, file: PartnerFile) -> None:
        self._feed = feed
        self._answer = answer
        self._lines = text.splitlines()
        self._text = text
        self._file = file
        (self._name,) = [name for name in file.documents.inward if f"\n[documents.{name}]" in text]
        self._document: Inward = file.documents.inward[self._name]
        self._rules = {_plain_name(rule.left): rule for rule in self._document.declared.rules}

    def answers(self) -> Iterator[Answer]:
        """Yield everything that the answer asks for, and what the file has beside it."""
        yield self._told("document", self._answer["document"], self._name, "# ? is it this document")
        yield from self._reading()
        yield from self._fields()
        yield from self._spread()
        yield from self._values()

    def _told(self, what: str, wanted: object, found: object, line: str) -> Answer:
        options = wanted if isinstance(wanted, list) else [wanted]
        marked = any(each.lstrip().startswith(line) and "# ?" in each for each in self._lines)
        return Answer(self._feed.stem, what, wanted, found, found in options, marked)

    def _reading(self) -> Iterator[Answer]:
        declared = self._document.declared
        layout, numerals = declared.layout, declared.numerals
        found = {
            "format": layout.format,
            "delimiter": layout.dialect.delimiter,
            "encoding": layout.dialect.encoding,
            "decimal": numerals.decimal,
            "thousands": numerals.thousands,
            "trailing_sign": numerals.trailing_sign,
            "rows": layout.rows.text if layout.rows else None,
            "header": None if layout.preamble == 0 else self._answer.get("reading", {}).get("header"),
        }
        lines = {"header": "preamble", "rows": "rows  "}
        for what, wanted in self._answer.get("reading", {}).items():
            yield self._told(what, wanted, found[what], lines.get(what, what))

    def _fields(self) -> Iterator[Answer]:
        wanted = {_plain_name(name): columns for name, columns in self._answer["fields"].items()}
        for name, columns in wanted.items():
            yield self._told(name, columns, self._column(name), self._line(name))
        for name, form in self._answer.get("formats", {}).items():
            rule = self._rules.get(_plain_name(name))
            found = None if rule is None else rule.format or ""
            yield self._told(f"format of {name}", form, found, self._line(_plain_name(name)))
        for name, column in self._answer.get("unit_from", {}).items():
            rule = self._rules.get(_plain_name(name))
            yield self._told(f"unit of {name}", column, rule and rule.unit_from, self._line(_plain_name(name)))
        fine = {"quantity", "location"} if "spread" in self._answer else set()
        if self._column("line.tracking") == self._column("tracking"):
            fine.add("line.tracking")  # the parcel of the shipment is that of its lines
        for name in self._rules.keys() - wanted.keys() - fine:
            yield self._told(f"{name}, which is too much", None, self._column(name) or "something", self._line(name))

    def _line(self, name: str) -> str:
        return next((rule.left for rule in self._document.declared.rules if _plain_name(rule.left) == name), name)

    def _column(self, name: str) -> str | None:
        rule = self._rules.get(name)
        if rule is None:
            return None
        if rule.formula is not None:
            made = (*self._document.header, *self._document.lines)
            return next((each.columns[0] for each in made if each.target.name == name.rpartition("line.")[2]), None)
        return rule.source

    def _spread(self) -> Iterator[Answer]:
        if "spread" in self._answer:
            wanted = self._answer["spread"]["columns"]
            found = list(self._document.declared.layout.each) or None
            yield self._told("a column for each warehouse", [wanted], found, "each")

    def _values(self) -> Iterator[Answer]:
        if "currency" in self._answer.get("values", {}):
            yield self._told("currency", self._answer["values"]["currency"], self._file.partner.currency, "currency")
        results = list(self._document.parse(self._feed.read_bytes()))
        records = [each for each in results if not isinstance(each, BadRecord)]
        if "records" in self._answer:
            bad = [each.what for each in results if isinstance(each, BadRecord)]
            found = len(records) if not bad else f"{len(records)} and {bad[:2]}"
            yield self._told("records", self._answer["records"], found, "no line")
        for name, wanted in self._answer.get("first", {}).items():
            value = getattr(records[0], name, None) if records else None
            yield self._told(
                f"first {name}", wanted, None if value is None else _shown(value, wanted), self._line(name)
            )


def _plain_name(name: str) -> str:
    return name.removeprefix("record.")


def _shown(value: Any, wanted: str) -> str:
    return wanted if plain(value) == plain(type(value)(wanted)) else plain(value)
