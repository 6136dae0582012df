"""The settings of a guessed document that say how its file is written."""

from __future__ import annotations

import re

from hub.mapping.guess.draft import Draft
from hub.mapping.guess.layout import Sheet
from hub.mapping.guess.sample import Sample
from hub.mapping.guess.toml import printable, toml_text


def reading(draft: Draft) -> list[str]:
    """Return the lines that are not as everybody has them: format, encoding, separator, header, numbers, totals."""
    sample = draft.sample
    lines = [f'format    = "{sample.format}"', *_places(sample)]
    if sample.encoding != "utf-8" or sample.spans:
        remark = "" if sample.encoding_sure else "  # ? look at the letters with accents"
        lines.append(f'encoding  = "{sample.encoding}"{remark}')
    if sample.format == "csv":
        lines += _delimited(sample.sheet)
    if sample.sheet.header_line > 1 and not sample.spans:
        lines.append('preamble  = "any"  # what stands above the header is passed over')
    lines += _numbers(draft)
    if draft.skip_when:
        lines.append(f"skip_when = {toml_text(draft.skip_when)}  # the rows that sum up, and the like")
    return lines + _each(draft)


def _places(sample: Sample) -> list[str]:
    """Return where the records stand: in which sheet, at which path, between which characters."""
    lines = []
    if sample.rows:
        lines.append(f"rows      = {toml_text(sample.rows)}  # each of these is a record")
    if sample.page:
        others = ", ".join(sample.other_pages)
        remark = f"# ? or another of its sheets: {printable(others)}" if others else "# not the first of its sheets"
        lines.append(f"sheet     = {toml_text(sample.page)}  {remark}")
    if sample.spans:
        above = sample.sheet.header_line
        places = ", ".join(f"{_key(name)} = {toml_text(span)}" for name, span in sample.spans.items())
        lines.append(f"preamble  = {above}  # {'their first line names the columns' if above == 1 else 'its head'}")
        lines.append(f"columns   = {{ {places} }}  # ? as the sample shows them: ask for their record layout")
    return lines


def _delimited(sheet: Sheet) -> list[str]:
    lines = [] if sheet.delimiter == "," else [f"delimiter = {toml_text(sheet.delimiter)}"]
    if sheet.header and sheet.header[0] == "#1":
        lines.append("header    = false  # ? the columns are named by their place")
    if sheet.ragged:
        lines.append(f"filled    = true  {_short_rows(sheet)}")
    return lines


def _each(draft: Draft) -> list[str]:
    """Return the columns of which every one makes a record, or a price, of its own."""
    lines = []
    if draft.spread:
        places = ", ".join(f"{_key(each.name)} = {toml_text(draft.nodes[each.name])}" for each in draft.spread)
        lines.append(f"each      = {{ {places} }}  # ? a column for each warehouse: theirs = our node")
    if draft.steps:
        columns = ", ".join(f"{_key(step.column.name)} = {toml_text(str(step.minimum))}" for step in draft.steps)
        lines.append(f"each      = {{ {columns} }}  # prices from so many on: theirs = how many")
    return lines


def _short_rows(sheet: Sheet) -> str:
    """Return the remark on rows shorter than the header; where only those that sum up are, nothing is asked."""
    if not sheet.short:
        return "# rows may be shorter than the header"
    told = f"{sheet.short} of {len(sheet.rows)} rows are shorter than the header"
    return f"# ? {told}: are they so, or is the sample cut off"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def _numbers(draft: Draft) -> list[str]:
    writing = draft.writing
    remark = "" if writing.sure else "  # ? the sample leaves open whether this marks thousands or decimals"
    lines = []
    if writing.mark != "." or (remark and not writing.thousands):
        lines.append(f"decimal   = {toml_text(writing.mark)}{'' if writing.thousands else remark}")
    if writing.thousands:
        lines.append(f"thousands = {toml_text(writing.thousands)}{remark}")
    if writing.trailing_sign:
        lines.append("trailing_sign = true")
    return lines
