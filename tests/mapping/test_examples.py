"""The example suppliers are whole: they load as they are, and their embedded tests pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.files.settings import FilesSettings
from hub.mapping.house import house_folder
from hub.mapping.partner_file import load

EXAMPLES = sorted((house_folder() / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_loads_and_its_tests_pass(path: Path) -> None:
    file = load(path, house=house_folder(), settings_models={"files": FilesSettings}, secrets=lambda _name: "a-secret")
    assert [str(each) for each in file.run_tests()] == []
    assert len(file.cases) == 1
    assert {"stock", "order", "acknowledgement", "shipment"} <= set(file.documents.names())


def test_there_is_one_for_every_way_to_travel() -> None:
    schemes = {path.read_text("utf-8").partition("url")[2].partition('"')[2].partition(":")[0] for path in EXAMPLES}
    assert schemes == {"sftp", "https", "ftps", "file", "imaps"}
