"""The connector's own page says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from connectors.shopify import connector as module
from connectors.shopify import health
from connectors.shopify.connector import (
    ABOUT,
    ANSWERS,
    ASSIGNMENTS,
    FULFILMENTS,
    HOLDS,
    HOOKS,
    ORDERS,
    PROMISES,
    READY,
    STOCK,
)
from connectors.shopify.settings import ShopifySettings

PAGE = (Path(module.__file__).parent / "README.md").read_text(encoding="utf-8")


_EVERY = (ORDERS, HOOKS, FULFILMENTS, STOCK, HOLDS, READY, PROMISES, ASSIGNMENTS, ANSWERS)


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the first table under a heading, by its first column."""
    part = PAGE.split(heading, 1)[1]
    lines = [line for line in re.split(r"\n#", part, maxsplit=1)[0].splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = _rows("### Settings")
    fields = ShopifySettings.model_fields
    assert set(table) == set(fields)
    for name, field in fields.items():
        shown = table[name][0].strip("`")
        default = field.default
        if field.is_required():
            assert shown == "", name
        elif default is None or default == {}:
            assert shown == "none", name
        elif isinstance(default, bool):
            assert shown == str(default).lower(), name
        elif isinstance(default, str):
            assert shown == default, name
        else:
            assert float(shown) == float(default), name


def test_every_scope_that_is_checked_is_in_the_table() -> None:
    assert {*health._NEEDED, health._FULFILS[0], "read_all_orders"} == set(_rows("### Permissions"))


def test_every_document_is_in_the_table() -> None:
    assert set(_rows("# Shopify")) == {spec.name for spec in _EVERY}


def test_the_example_connects() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    file = tomllib.loads("\n".join(line.strip() for line in example.splitlines()))
    given = {name: "s" if name == "client_secret" else value for name, value in file["connection"].items()}
    assert given.pop("connector") == ABOUT.name
    ShopifySettings.model_validate(given)
