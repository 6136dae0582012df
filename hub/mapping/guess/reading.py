"""The settings of a guessed document that say how its file is written."""

from __future__ import annotations

import re

from hub.mapping.guess.draft import Draft, toml_text


def reading(draft: Draft) -> list[str]:
    """Return the lines that are not as everybody has them: format, encoding, separator, header, numbers, totals."""
    sample = draft.sample
    lines = [f'format    = "{sample.format}"']
    if sample.rows:
        lines.append(f"rows      = {toml_text(sample.rows)}  # each of these is a record")
    if sample.spans:
        places = ", ".join(f"{_key(name)} = {toml_text(span)}" for name, span in sample.spans.items())
        lines.append("preamble  = 1  # their first line names the columns")
        lines.append(f"columns   = {{ {places} }}  # ? as the sample shows them: ask for their record layout")
    if sample.encoding != "utf-8" or sample.spans:
        remark = "" if sample.encoding_sure else "  # ? look at the letters with accents"
        lines.append(f'encoding  = "{sample.encoding}"{remark}')
    if sample.format == "csv" and sample.sheet.delimiter != ",":
        lines.append(f"delimiter = {toml_text(sample.sheet.delimiter)}")
    if sample.sheet.header and sample.sheet.header[0] == "#1":
        lines.append("header    = false  # ? the columns are named by their place")
    if sample.sheet.ragged and sample.format == "csv":
        lines.append("filled    = true  # rows may be shorter than the header")
    if sample.sheet.header_line > 1:
        lines.append('preamble  = "any"  # what stands above the header is passed over')
    lines += _numbers(draft)
    if draft.skip_when:
        lines.append(f"skip_when = {toml_text(draft.skip_when)}  # the rows that sum up")
    if draft.spread:
        places = ", ".join(f"{_key(each.name)} = {toml_text(draft.nodes[each.name])}" for each in draft.spread)
        lines.append(f"each      = {{ {places} }}  # ? a column for each warehouse: theirs = our node")
    return lines


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
