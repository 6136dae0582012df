"""Every GraphQL document of the connector fits the vendor's schema: fields, arguments, types, directives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from connectors.shopify import queries
from sandbox.shop.graphql.syntax import Field, Operation, Variable, read

SDL = Path(__file__).parents[3] / "shared" / "samples" / "shopify" / "graphql" / "2026-01.schema.graphql"
_TYPE = re.compile(r"^(?:type|input|interface) (\w+)[^{\n]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+)(?:\((.*?)\))?: ([\w!\[\]]+)", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"(\w+): ([\w!\[\]]+)( = [^\n,)]+)?")
_VARIABLE = re.compile(r"\$(\w+): ([\w!\[\]]+)")

#: By name: its type, and its arguments with their types; an argument that must be given ends in "!".
Members = Mapping[str, tuple[str, Mapping[str, str]]]


@cache
def _schema() -> Mapping[str, Members]:
    text = re.sub(r'"""(?:[^"]|"(?!""))*"""', "", SDL.read_text("utf-8"))
    return {name: dict(_members(body)) for name, body in _TYPE.findall(text)}


def _members(body: str) -> Iterator[tuple[str, tuple[str, Mapping[str, str]]]]:
    for name, arguments, kind in _FIELD.findall(body):
        found = {
            each: wanted if not default else wanted.rstrip("!")
            for each, wanted, default in _ARGUMENT.findall(arguments)
        }
        yield name, (kind, found)


def _bare(kind: str) -> str:
    return kind.strip("[]!").replace("]", "").replace("!", "")


def _complaints(document: str) -> Iterator[str]:
    declared = dict(_VARIABLE.findall(document.split("{", 1)[0]))
    for operation in read(document):
        root = "Mutation" if operation.kind == "mutation" else "QueryRoot"
        yield from _of_fields(operation.fields, root, declared)
        used = set(re.findall(r"\$(\w+)", document.split("{", 1)[1]))
        yield from (f"${name} is declared and not used" for name in declared.keys() - used)
        yield from (f"${name} is used and not declared" for name in used - declared.keys())


def _of_fields(fields: list[Field], kind: str, declared: Mapping[str, str]) -> Iterator[str]:
    for each in fields:
        within = each.on or kind
        member = _schema().get(within, {}).get(each.name)
        if each.name == "__typename":
            continue
        if member is None:
            yield f"{within} has no {each.name}"
            continue
        yield from _of_arguments(f"{within}.{each.name}", each.arguments, member[1], declared)
        for directive in each.directives:
            if directive != "idempotent":
                yield f"there is no @{directive}"
        if each.fields:
            yield from _of_fields(each.fields, _bare(member[0]), declared)
        elif _bare(member[0]) in _schema():
            yield f"{within}.{each.name} needs fields of its own"


def _of_arguments(
    where: str, given: Mapping[str, object], known: Mapping[str, str], declared: Mapping[str, str]
) -> Iterator[str]:
    yield from (f"{where} has no argument {name}" for name in given.keys() - known.keys())
    yield from (f"{where} needs {name}" for name, kind in known.items() if kind.endswith("!") and name not in given)
    for name, value in given.items():
        if isinstance(value, Variable) and name in known and not _fits(declared.get(value.name, "?"), known[name]):
            yield f"{where}: {name} is {known[name]}, ${value.name} is {declared.get(value.name)}"


def _fits(given: str, wanted: str) -> bool:
    return given == wanted or given.rstrip("!") == wanted


here = pytest.mark.skipif(not SDL.exists(), reason="the schema beside the repository is not here")


@here
@pytest.mark.parametrize("document", queries.EVERY, ids=lambda text: read(text)[0].name or "bulk")
def test_every_document_fits_the_schema(document: str) -> None:
    assert list(_complaints(document)) == []


@here
@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("query a { nobody }", "QueryRoot has no nobody"),
        ("query a($ids: [ID!]!) { nodes(ids: $ids) { ... on InventoryItem { nothing } } }", "InventoryItem has no"),
        ("query a { nodes { id } }", "QueryRoot.nodes needs ids"),
        ("query a($ids: Int) { nodes(ids: $ids) { id } }", "ids is [ID!]!, $ids is Int"),
        ("mutation a { inventoryActivate(item: 1) { userErrors { message } } }", "has no argument item"),
        ("query a { shop }", "QueryRoot.shop needs fields"),
        ("query a($b: Int) { shop { id } }", "$b is declared and not used"),
    ],
)
def test_a_document_that_does_not_fit_is_found_out(document: str, said: str) -> None:
    assert any(said in each for each in _complaints(document)), list(_complaints(document))


@here
def test_every_document_of_the_module_is_checked() -> None:
    named = {value for name, value in vars(queries).items() if name.isupper() and isinstance(value, str)}
    assert named - set(queries.EVERY) == {queries.VARIANTS}, "which stands there filled in"
    assert set(queries.EVERY) - named == set(_BULK)


_BULK = [text for text in queries.EVERY if text.startswith("{")]


@here
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("FulfillmentOrderHoldInput", "reasonNotes"),
        ("FulfillmentOrderHoldInput", "handle"),
        ("FulfillmentOrderHoldInput", "notifyMerchant"),
        ("FulfillmentOrderHoldInput", "reason"),
    ],
)
def test_what_a_hold_says_is_what_the_schema_takes(kind: str, field: str) -> None:
    assert field in _schema()[kind]


@here
def test_what_a_row_of_stock_holds_is_what_the_schema_takes() -> None:
    assert set(_schema()["InventoryQuantityInput"]) >= {
        "inventoryItemId", "locationId", "quantity", "changeFromQuantity",
    }  # fmt: skip


def test_documents_are_named() -> None:
    sent = [text for text in queries.EVERY if text not in _BULK]
    operations: list[Operation] = [operation for text in sent for operation in read(text)]
    assert all(operation.name for operation in operations)
    assert len({operation.name for operation in operations}) == len(sent)
