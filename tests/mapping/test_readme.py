"""The example beside the mapping files works as it is printed, and the page names all there is."""

from __future__ import annotations

import re

from hub.mapping.formula import FUNCTIONS
from hub.mapping.house import house_folder
from hub.mapping.rule import VERBS
from tests.mapping.lab import Lab

PAGE = (house_folder() / "README.md").read_text("utf-8")


def test_the_example_loads_and_passes_its_own_tests(house_lab: Lab) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = house_lab.open(house_lab.write(re.sub(r"host_key.*\n", "", example)))
    assert len(file.cases) == 1
    assert file.run_tests() == []
    assert file.documents.names() == ("stock", "acknowledgement", "shipment", "order")


def test_every_verb_and_every_function_is_explained() -> None:
    assert [verb for verb in VERBS if f"`{verb}`" not in PAGE] == []
    listed = re.search(r"the functions `([^`]*)`", PAGE)
    assert listed is not None
    assert tuple(listed[1].split()) == FUNCTIONS
