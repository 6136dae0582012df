"""The connector's own page says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.netsuite import connector as module
from connectors.netsuite.connector import SPECS
from connectors.netsuite.places import Places
from connectors.netsuite.settings import NetSuiteSettings
from hub.mapping.house import house_folder
from hub.mapping.partner_file import load

PAGE = (Path(module.__file__).parent / "README.md").read_text(encoding="utf-8")


def _rows(heading: str) -> dict[str, list[str]]:
    part = PAGE.split(heading, 1)[1]
    lines = [line for line in re.split(r"\n#", part, maxsplit=1)[0].splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table, fields = _rows("### Settings"), NetSuiteSettings.model_fields
    assert set(table) == set(fields)
    for name, field in fields.items():
        shown = table[name][0].strip("`")
        if field.is_required():
            assert shown == "", name
        elif field.default is None or field.default == {}:
            assert shown == "none", name
        elif isinstance(field.default, int | float):
            assert float(shown) == field.default, name
        else:
            assert shown == str(field.default), name


def test_every_document_is_in_the_table_with_its_direction() -> None:
    table = _rows("# NetSuite")
    assert {name: row[0] for name, row in table.items()} == {each.name: each.direction.value for each in SPECS.values()}


def test_the_example_loads_as_it_is(tmp_path: Path) -> None:
    text = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]
    path = tmp_path / "erp.toml"
    path.write_text(re.sub(r"(?m)^ {3}", "", text), encoding="utf-8")
    file = load(path, house=house_folder(), settings_models={"netsuite": NetSuiteSettings}, secrets=lambda name: name)
    settings = file.profile().settings
    assert isinstance(settings, NetSuiteSettings)
    assert Places(settings, "erp").location_of("DC1") == "12"
    assert (
        settings.service_at(settings.base) == "https://1234567.suitetalk.api.netsuite.com/services/NetSuitePort_2025_2"
    )
