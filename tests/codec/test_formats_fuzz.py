"""However a partner's file is damaged: every format reads it, tells what cannot be read, or refuses it."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterable

import pytest

from hub.codec import delimited, fixed, workbook
from hub.codec.delimited import Dialect, Refused
from hub.codec.fixed import Span
from hub.codec.json_tree import JsonFormat
from hub.codec.nested import NestedFormat
from hub.codec.xml_tree import XmlFormat

READERS: list[Callable[[bytes], Iterable[object]]] = [
    JsonFormat().read,
    JsonFormat("cp1252", by_line=True).read,
    XmlFormat({"p": "u"}).read,
    NestedFormat(("H", "D")).read,
    workbook.rows,
    lambda content: delimited.read(content, Dialect()).rows,
    lambda content: fixed.read(content, {"a": Span(1, 3)}, Dialect(encoding="utf-16")).rows,
]


def wholes() -> list[bytes]:
    return [
        b'{"a": 1, "b": [{"c": true}, null, "x"]}',
        b'<?xml version="1.0"?><a xmlns:x="u"><x:b c="1">t</x:b></a>',
        b"H,1\nD,2\nD,3\n",
        workbook.write([["a", "b"], ["1", "2"]]),
        gzip.compress(b"a,b\n1,2\n" * 50, mtime=0),
        "a,b\n1,2\n".encode("utf-16"),
    ]


def damaged(whole: bytes, dice: random.Random) -> bytes:
    """Return the bytes with a few of them changed, cut, doubled or put in."""
    content = bytearray(whole)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(content) + 1)
        piece = bytes(content[at : at + dice.randint(1, 20)])
        new = dice.choice([b"", piece * 2, dice.randbytes(dice.randint(1, 5))])
        content[at : at + len(piece)] = new
    return bytes(content)


def attack(seed: int, rounds: int) -> int:
    """Return how many were refused."""
    dice, refused, starts = random.Random(seed), 0, wholes()
    for _ in range(rounds):
        content = damaged(dice.choice(starts), dice)
        for read in READERS:
            try:
                list(read(content))
            except Refused as error:
                refused += bool(error.what and error.todo)
    return refused


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused(seed: int) -> None:
    assert attack(seed, 150) > 150


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_however_often_it_is_damaged(seed: int) -> None:
    assert attack(seed, 2000) > 2000
