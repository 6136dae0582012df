"""Tables in files of their own: read with the mapping file, watched with it, kept with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mapping.library import Library
from hub.model.stock import StockLevel
from tests.mapping.lab import HEAD, MODELS, Lab

STOCK = """
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "delta"
files = "/out/*.csv"
[documents.stock.fields]
quantity = "Qty"
sku = { from = "Item", table = { file = "skus.csv" } }
"""


def skus(lab: Lab, text: str, name: str = "skus.csv") -> Path:
    path = lab.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def stocked(lab: Lab, text: str, content: str) -> list[str]:
    found = lab.load(text).documents.parse("stock", content.encode())
    return [each.sku if isinstance(each, StockLevel) else str(each) for each in found]


def test_theirs_stand_in_the_first_column_and_ours_in_the_second(lab: Lab) -> None:
    skus(lab, "theirs,ours,note\n N-77 ,AB-100,x\nN-78,AB-200,\n")
    assert stocked(lab, STOCK, "Item,Qty\nN-77,5\nN-78,6\nN-79,7\n") == [
        "AB-100",
        "AB-200",
        "acme stock, row 4: sku (column 'Item'): 'N-79' is not in table 'skus.csv'; did you mean 'N-78'?",
    ]


def test_or_where_the_file_says(lab: Lab) -> None:
    skus(lab, "a,Their No.,Our SKU\n1,N-77,AB-100\n", "tables/x.csv")
    table = '{ file = "tables/x.csv", theirs = "Their No.", ours = "Our SKU" }'
    text = STOCK.replace('{ file = "skus.csv" }', table)
    assert stocked(lab, text, "Item,Qty\nN-77,5\n") == ["AB-100"]


def test_it_is_inverted_outward(lab: Lab) -> None:
    skus(lab, "theirs,ours\nN-77,AB\nN-78,AB\n")
    order = """
[documents.order]
direction = "out"
takes = "stock_push"
files = "/in/{0}.csv"
rows = "rows"
[documents.order.fields]
Item = { from = "row.sku", table = { file = "skus.csv" } }
""".replace("{0}", "x")
    (problem,) = lab.problems(order)
    assert problem.endswith(
        "table 'skus.csv' has 2 codes for 'AB' (N-77, N-78); say which one to send: prefer = 'N-77'"
    )
    lab.load(order.replace('"skus.csv" }', '"skus.csv" }, prefer = "N-78"'))


def test_a_file_named_where_tables_stand_is_not_taken_for_a_table_of_one_code(lab: Lab) -> None:
    skus(lab, "theirs,ours\nN-77,AB\n")
    text = "[tables]\nskus = { file = 'skus.csv' }\n" + STOCK.replace('{ file = "skus.csv" }', '"skus"')
    (problem,) = lab.problems(text)
    assert problem.endswith(
        "table 'skus' would have the one code 'file'; say it in the field that uses it: table = { file = 'skus.csv' }"
    )


def test_the_hash_covers_it(lab: Lab) -> None:
    skus(lab, "theirs,ours\nN-77,AB\n")
    before = lab.load(STOCK).hash
    assert lab.load(STOCK).hash == before
    skus(lab, "theirs,ours\nN-77,AC\n")
    assert lab.load(STOCK).hash != before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "skus.csv cannot be read: No such file or directory"),
        ("", "skus.csv: the file is empty: not even a header line"),
        ("theirs\nN-77\n", "skus.csv: there is no column #2: the file has 1"),
        ("theirs,ours\nN-77,AB\nN-77,AC\n", "skus.csv, line 3: 'N-77' stands for 'AB' already"),
        ("theirs,ours\n,AB\n", "skus.csv, line 2: the code is empty"),
        ("theirs,ours\nN-77,AB,x\n", "skus.csv, line 2: the row has 3 cells and the header 2"),
        ("theirs,ours\nN-77,\n", "sku cannot be '': has 0 characters"),
    ],
)
def test_what_is_wrong_with_it_is_told_where_it_is_named(lab: Lab, content: str | None, problem: str) -> None:
    if content is not None:
        skus(lab, content)
    found = lab.problems(STOCK)
    assert [each.startswith("acme.toml:17:") for each in found] == [True]
    assert problem.split(":", maxsplit=1)[0] in found[0]


def test_not_every_bad_line_of_a_long_one_is_told(lab: Lab) -> None:
    skus(lab, "theirs,ours\n" + ",x\n" * 100)
    assert len(lab.problems(STOCK)) == 10
    skus(lab, "theirs,ours\n" + "".join(f"N-{number},\n" for number in range(100)))
    assert len(lab.problems(STOCK)) == 1


@pytest.mark.parametrize("file", ["", "/etc/passwd", "../skus.csv", "a/../../b.csv"])
def test_it_lies_beside_the_mapping_file(lab: Lab, file: str) -> None:
    (problem,) = lab.problems(STOCK.replace("skus.csv", file))
    assert problem.endswith("file must name a CSV file beside this one, or in a folder below it")
    found = lab.problems(STOCK.replace('{ file = "skus.csv" }', '{ fil = "skus.csv" }'))
    assert [each for each in found if "unknown setting 'fil'; did you mean 'file'?" in each]


def test_a_change_of_it_comes_into_force_and_a_broken_one_does_not(lab: Lab, tmp_path: Path) -> None:
    folder, kept = tmp_path / "mappings", tmp_path / "kept"
    folder.mkdir()
    (folder / "acme.toml").write_text(HEAD + STOCK)
    table = folder / "skus.csv"
    table.write_text("theirs,ours\nN-77,AB\n")

    def library() -> Library:
        return Library(folder, house=lab.house, settings_models=MODELS, secrets=lab.secrets.get, kept=kept)

    def ours(of: Library) -> list[str]:
        file = of.get("acme")
        assert file is not None
        found = file.documents.parse("stock", b"Item,Qty\nN-77,5\n")
        return [each.sku for each in found if isinstance(each, StockLevel)]

    first = library()
    assert len(first.scan().loaded) == 1
    assert first.scan().unchanged == 1
    table.write_text("theirs,ours\nN-77,AB-NEW\n")
    assert len(first.scan().loaded) == 1
    assert ours(first) == ["AB-NEW"]
    table.write_text("theirs,ours\nN-77,A\nN-77,B\nN-77,C\n")
    (broken,) = first.scan().broken
    assert broken.in_force == "acme"
    assert ours(first) == ["AB-NEW"]
    second = library()
    second.scan()
    assert ours(second) == ["AB-NEW"]


def test_a_value_that_the_field_refuses_is_told(lab: Lab) -> None:
    skus(lab, "theirs,ours\nN-77,x\n")
    text = STOCK + 'status = { from = "S", table = { file = "skus.csv" } }\n'
    found = lab.problems(text)
    assert len(found) == 1
    assert "acme.toml:18:" in found[0]
