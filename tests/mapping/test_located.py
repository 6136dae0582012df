"""Every key of a TOML file is found where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.house import house_folder
from hub.mapping.located import Path as Way
from hub.mapping.located import Spot, locate

TEXT = '''\
version = 1   # a comment
a."b.c".d = { x = 1, y = [1, "]", { z = 2 }] } # [not.a.table]

[documents.stock.fields]
sku = """
 = ab """
'odd "header"' = '# no comment'
"esc\\u0041pe" = """a \\""" still inside"""
[[documents.stock.tests]]
name = \'\'\'
[tricky]\'\'\'
[[documents.stock.tests]]
expect = [ { a = 1 },   # first
  { b = 2 },
]
  [documents.stock.tests.sub]   # of the second one
k = 2026-01-01T00:00:00Z
'''


def ways(data: object, above: Way = ()) -> Iterator[Way]:
    """Yield the way to every table, key and array element of what tomllib read."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield (*above, key)
        yield from ways(value, (*above, key))


def test_tomllib_and_the_scanner_see_the_same_keys() -> None:
    assert set(locate(TEXT)) == set(ways(tomllib.loads(TEXT)))


@pytest.mark.parametrize(
    ("way", "spot"),
    [
        (("version",), Spot(1, 1, 1, 11)),
        (("a", "b.c", "d"), Spot(2, 9, 2, 13)),
        (("a", "b.c", "d", "y", 2, "z"), Spot(2, 37, 2, 41)),
        (("documents", "stock"), Spot(4, 1, 4, 1)),
        (("documents", "stock", "fields", "sku"), Spot(5, 1, 5, 7)),
        (("documents", "stock", "fields", 'odd "header"'), Spot(7, 1, 7, 18)),
        (("documents", "stock", "fields", "escApe"), Spot(8, 1, 8, 17)),
        (("documents", "stock", "tests", 0, "name"), Spot(10, 1, 10, 8)),
        (("documents", "stock", "tests", 1), Spot(12, 1, 12, 1)),
        (("documents", "stock", "tests", 1, "expect", 1, "b"), Spot(14, 5, 14, 9)),
        (("documents", "stock", "tests", 1, "sub", "k"), Spot(17, 1, 17, 5)),
    ],
)
def test_a_key_is_found_at_its_line_and_column(way: Way, spot: Spot) -> None:
    assert locate(TEXT)[way] == spot


@pytest.mark.parametrize("path", sorted((house_folder() / "templates").glob("*.toml")), ids=lambda path: path.stem)
def test_every_key_of_the_house_templates_is_found(path: Path) -> None:
    text = path.read_text("utf-8")
    assert set(locate(text)) == set(ways(tomllib.loads(text)))


KEYS = st.text("abc-_1", min_size=1, max_size=4) | st.just('"a.b"') | st.just("'c d'")
VALUES = st.recursive(
    st.sampled_from(["1", "true", '"x, ]}#"', "'y'", '"""z"""', "1979-05-27 07:32:00Z", "-0.5", "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda each: "{ " + ", ".join(f"{key} = {value}" for key, value in each.items()) + " }"
        )
    ),
    max_leaves=6,
)


@given(
    st.lists(st.tuples(KEYS, VALUES), max_size=5, unique_by=lambda pair: pair[0]), st.sampled_from(["[t]", "[[t.u]]"])
)
def test_any_valid_file_is_found_whole(pairs: list[tuple[str, str]], header: str) -> None:
    text = header + "\n" + "\n".join(f"{key} = {value} # c" for key, value in pairs)
    assert set(locate(text)) == set(ways(tomllib.loads(text)))
