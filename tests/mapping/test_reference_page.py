"""Every document that the reference shows loads, and its own tests come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.mapping.document import DOCUMENT_SETTINGS
from hub.mapping.formula import FUNCTIONS
from hub.mapping.layout import FORMATS
from hub.mapping.rule import VERBS
from tests.mapping.lab import Lab

PAGE = Path(__file__).parents[2] / "docs/reference/mapping-files.md"
TEXT = PAGE.read_text("utf-8")
EXAMPLES = re.findall(r"^```toml document\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=[re.search(r"documents\.(\w+)", each)[1] for each in EXAMPLES])  # type: ignore[index]
def test_an_example_does_what_it_says(lab: Lab, example: str) -> None:
    file = lab.load(example)
    assert file.cases
    assert [str(failure) for failure in file.run_tests()] == []


def test_it_names_every_setting_verb_format_and_function() -> None:
    words = set(re.findall(r"\w+", TEXT))
    of_connectors = {"release", "guide"}  # told where X12 is
    assert {*VERBS, *FORMATS, *FUNCTIONS, *DOCUMENT_SETTINGS} - words - of_connectors == set()
