"""Files that are no TOML: every wrong line, in words for somebody who never heard of TOML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.syntax import wrong_lines


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a = 1\n[units]\nEA = 1\n[units]\nCS = 2\n", 4, "[units] stands a second time (first in line 2)"),
        ('code = "a"\ncode = "b"\n', 2, "code stands a second time (first in line 1) in this section"),
        ('sku = "Item\n', 1, "opened with a quote and not closed in this line"),
        ("sku = \u201cItem\u201d\n", 1, 'write straight ones: sku = "Item"'),
        ("sku = Item No\n", 1, 'a text stands in quotes: sku = "Item No"'),
        ("date = 20.11.2026  # when\n", 1, 'a text stands in quotes: date = "20.11.2026"'),
        ("optional = True\n", 1, "write it small: optional = true"),
        ("optional = Yes\n", 1, "write it small: optional = true"),
        ("sku =\n", 1, "nothing stands behind sku ="),
        ('sku: "Item"\n', 1, 'write = and no colon: sku = "Item"'),
        ('sku "Item"\n', 1, "a line says NAME = VALUE"),
        ('Item No = "sku"\n', 1, 'stands in quotes: "Item No" = "sku"'),
        ('files = "C:\\out\\x.csv"\n', 1, "stands in single quotes"),
        ('sku = { from = "A",\n default = "x" }\n', 1, "between { and } stands in one line"),
        ("given = '''\na\nb\n", 4, "the text that begins in line 1 is never closed"),
        ('{"version": 1}', 1, "this is JSON or XML"),
        ("<mapping/>", 1, "this is JSON or XML"),
        ("a = 1\nb = 2\x00\n", 2, "a NUL stands in this line"),
        ("a = " + "[" * 3000, 1, "too deep in each other"),
    ],
)
def test_a_wrong_line_is_told_in_words(text: str, line: int, told: str) -> None:
    first = wrong_lines(text)[0]
    assert first.line == line
    assert told in first.message


def test_every_wrong_line_is_told_at_once() -> None:
    found = wrong_lines("version = 1\nname = Acme\n[units]\nEA: 1\nCS = 12\nBX = ten\n")
    assert [each.line for each in found] == [2, 4, 6]


def test_quotes_of_word_processors_within_a_text_are_fine() -> None:
    assert wrong_lines('name = "\u201eAcme\u201c"\n') == []
    (wrong,) = wrong_lines('name = "\u201eAcme\u201c"\ncode = acme\n')
    assert wrong.message == 'a text stands in quotes: code = "acme"'


@given(st.text(max_size=200))
def test_no_text_whatever_makes_it_stumble(text: str) -> None:
    found = wrong_lines(text)
    assert all(1 <= each.line <= text.count("\n") + 1 and each.message for each in found)
