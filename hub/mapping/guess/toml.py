"""Texts as a mapping file that is written down holds them."""

from __future__ import annotations

import json


def printable(text: str) -> str:
    """Return a text as a comment may hold it."""
    return "".join(each if each.isprintable() else "?" for each in text)


def toml_text(text: str) -> str:
    """Return a text as TOML writes it."""
    if "'" not in text and ('"' in text or "\\" in text) and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
