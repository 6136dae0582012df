"""The published JSON Schema is current, takes every mapping file that there is, and refuses what is wrong."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.mapping.document import DOCUMENT_SETTINGS
from hub.mapping.rule import VERBS
from hub.mapping.schema import schema, written
from hub.services.directory import find_plugins
from tests.mapping.schema_check import SchemaCheck

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "mapping.schema.json"
FILES = sorted((ROOT / "mappings").rglob("*.toml"))
MODELS = {
    name: plugin.about.settings
    for name, plugin in find_plugins().items()
    if type(plugin).__module__.startswith("connectors.")
}


def problems(text: str) -> list[str]:
    return SchemaCheck(json.loads(written(MODELS))).problems(tomllib.loads(text, parse_float=Decimal))


def own_blocks() -> list[str]:
    pages = [ROOT / "mappings" / "README.md", *(ROOT / "docs").rglob("*.md")]
    blocks = [
        block for page in pages for block in re.findall(r"```toml[^\n]*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    return [block for block in blocks if "[partner]" in block]


def test_the_published_schema_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == written(MODELS), "run: make docs"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_mapping_file_of_the_repository_fits_it(path: Path) -> None:
    assert problems(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_mapping_file_of_the_repository_names_it(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("#:schema ")
    assert (path.parent / first.removeprefix("#:schema ")).resolve() == PAGE


def test_the_mapping_files_of_the_documents_fit_it() -> None:
    blocks = own_blocks()
    assert len(blocks) > 1
    for block in blocks:
        indented = re.sub(r"^   ", "", block, flags=re.MULTILINE)
        assert problems(indented) == []


HEAD = 'version = 1\n[partner]\ncode = "a"\nrole = "supplier"\n'
STOCK = HEAD + '[documents.stock]\nmakes = "stock_level"\n'


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (HEAD.replace("role", "roll"), "roll"),
        (HEAD.replace("supplier", "suplier"), "suplier"),
        (HEAD + "[documents.stock]\nmakes = 'stock'", "stock"),
        (STOCK + "delimitr = ';'", "delimitr"),
        (STOCK + "[documents.stock.fields]\nquantiy = 'Q'", "quantiy"),
        (STOCK + "[documents.stock.fields]\nquantity = { from = 'Q', tabel = 'x' }", "tabel"),
        (STOCK + "[documents.stock.fields]\nquantity = { from = 'Q', value = 1 }", "value"),
        (HEAD + "[units]\nEA = 0", "small"),
        (HEAD + "[connection]\nconnector = 'file'", "file"),
        (HEAD + "[connection]\nconnector = 'files'\nurl = 'sftp://a@b/'\npassword = 'hunter2'", "hunter2"),
    ],
)
def test_what_is_wrong_is_refused_while_it_is_typed(text: str, about: str) -> None:
    assert any(about in problem for problem in problems(text)), problems(text)


def test_lines_may_be_written_flat_dotted_or_without_their_prefix() -> None:
    head = HEAD + '[documents.ack]\nmakes = "acknowledgement"\n[documents.ack.fields]\n'
    for field in ("line.sku = 'I'", "'line.sku' = 'I'", "sku = 'I'", "record.reason = 'R'", "line.reason = false"):
        assert problems(head + field) == []
    assert problems(head + "line.skew = 'I'") != []


def test_it_knows_every_setting_and_every_verb() -> None:
    made: dict[str, Any] = schema(MODELS)
    document = made["properties"]["documents"]["additionalProperties"]
    assert set(document["properties"]) == set(DOCUMENT_SETTINGS)
    assert set(made["definitions"]["rule"]["properties"]) == set(VERBS)
