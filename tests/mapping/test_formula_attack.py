"""Formulas as an attacker would write them: each is refused, fails, or costs a bounded number of steps."""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from types import FrameType

import pytest

from hub.mapping.formula import FUNCTIONS, compile_formula
from hub.mapping.function import LONGEST_TEXT, FormulaFailed, Type
from hub.mapping.part import FormulaRefused, Scope

SCOPE = Scope(lambda _: Type.TEXT, UTC, {"t": {"A": "B"}})
#: A formula has at most 500 characters; what one costs beyond reading it is a few calls a part.
MOST_CALLS = 20_000
TOKENS = [
    *FUNCTIONS,
    *("( ) [ ] , + - * / % ** // @ < > == != <= >= = : . { } | & ~ ^ ; := -> ...".split()),
    *("and or not in is if else lambda for await yield None True False true false col import _ __class__".split()),
    *("0 1 9 0.5 1e9 1_0 0x1 1j 999999999999999 0.000000001 '' 'A' \"x\" '1' f'x' b'x' 'a b' '\u0660' 'é'".split(" ")),
    *('col["x"] number(col["x"]) date("2026-01-01") lookup("t","A") ( ( ) ) , , '.split()),
]
BOMBS = [
    "-" * 499 + "1",
    "not " * 120 + "true",
    "(" * 249 + "1" + ")" * 249,
    "[" * 250 + "]" * 250,
    "1" + "+1" * 249,
    "1" + "*999999999999999" * 30,
    "1" + "/0.000000001" * 40,
    "1 if " * 60 + "true" + " else 1" * 60,
    "true" + " and true" * 55,
    "'a'" + "+'a'" * 120,
    "concat(" * 60 + "'a','a'" + ")" * 60,
    "replace(" * 25 + "'a'" + ",'a','aa')" * 25,
    "pad('x',128)" + "+pad('x',128)" * 30,
    "upper(" * 29 + "'ß'" + ")" * 29,
    "round(1/3, 9)" + "*round(1/3, 9)" * 30,
    "max(" + ",".join(["1"] * 20) + ")",
    "days_after(" * 20 + "date('9999-12-31')" + ",100000)" * 20,
    "9" * 500,
    "0." + "0" * 490 + "1",
    "'" + "x" * 498 + "'",
    "x" * 500,
    "col['" + "x" * 490 + "']",
    "1 in [" + ",".join(["1"] * 200) + "]",
    "().__class__.__bases__[0].__subclasses__()",
    "__import__('os').system('id')",
    "[x for x in (1).__class__.__base__.__subclasses__()]",
    "(lambda: 1)()",
    "col.__class__",
    "9**9**9**9",
    "1 << 999999999",
    "'%s' % 'x'",
    "'{0.__class__}'.format(1)",
    "f'{1}'",
    "exec('1')",
    "1 if (x := 2) else 3",
    "number('1E+2000000')",
    "number('NaN') + number('Infinity')",
    "\x00",
    "1 # comment",
    "1\\\n+1",
]


def attacked(text: str, cell: str) -> int:
    """Compile and work out a formula; returns how many calls that took, whatever came of it."""
    calls = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    value: object = ""
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        with suppress(FormulaRefused, FormulaFailed):
            value = compile_formula(text, SCOPE).bind(lambda _: lambda _: cell)(None)
    finally:
        sys.setprofile(before)
    assert isinstance(value, (str, Decimal, bool, datetime))
    assert not isinstance(value, str) or len(value) <= max(LONGEST_TEXT, len(cell))
    assert not isinstance(value, Decimal) or (value.is_finite() and value.adjusted() <= 24)
    return calls


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.parametrize("cell", ["5", "x" * 100_000], ids=["short", "long"])
def test_a_bomb_costs_no_more_than_its_length(text: str, cell: str) -> None:
    assert attacked(text, cell) <= MOST_CALLS


def thrown(dice: random.Random) -> str:
    """Return tokens of the language in no order, or a bomb with some thrown into it."""
    tokens = [dice.choice(TOKENS) for _ in range(dice.randint(1, 40))]
    text = dice.choice([" ", ""]).join(tokens)
    if dice.random() < 0.3:
        bomb = dice.choice(BOMBS)
        at = dice.randrange(len(bomb))
        text = bomb[:at] + text[: dice.randint(0, 30)] + bomb[at + dice.randint(0, 5) :]
    return text[:520]


def called(dice: random.Random, depth: int = 0) -> str:
    """Return a formula that is mostly well-formed, so that more than the parser is attacked."""
    if depth > 4 or dice.random() < 0.3:
        return dice.choice(["1", "0.5", "'A'", "''", 'col["x"]', "true", 'date("2026-01-01")', 'number(col["x"])'])
    inner = [called(dice, depth + 1) for _ in range(dice.randint(1, 3))]
    return dice.choice(
        [
            f"{dice.choice(FUNCTIONS)}({', '.join(inner)})",
            f"({inner[0]} {dice.choice('+ - * / % == != < > and or in'.split())} {inner[-1]})",
            f"({inner[0]} if {inner[-1]} else {inner[0]})",
            f"({inner[0]} in [{', '.join(inner)}])",
        ]
    )


def attack(seed: int, rounds: int) -> None:
    dice = random.Random(seed)
    for _ in range(rounds):
        text = dice.choice([thrown, called])(dice)
        cell = dice.choice(["", " ", "5", "-0.000000001", "1E9", "AB", "x" * 5000, "\ud800", "٣", "2026-02-30"])
        assert attacked(text, cell) <= MOST_CALLS, (seed, text, cell)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_thrown_at_it_ends_soon(seed: int) -> None:
    attack(seed, 300)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_however_long_it_goes_on(seed: int) -> None:
    attack(seed, 400)
