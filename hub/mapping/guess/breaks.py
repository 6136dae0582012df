"""Price lists with a column for each quantity from which on a price holds: `Price 1-9`, `Price 10-99`, `Price 100+`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from hub.mapping.guess.column import Column

_FIRST_FIGURE: Final = re.compile(r"[0-9]{1,7}")
_FEWEST: Final = 2
_PRICES: Final = frozenset({"price", "cost"})
_NO_STEP: Final = frozenset({"date", "retail", "tax", "discount", "rate"})


@dataclass(frozen=True, slots=True)
class Step:
    """The column of the price from so many pieces on."""

    minimum: int
    column: Column


def price_steps(columns: Sequence[Column]) -> tuple[Step, ...]:
    """Return the columns of one name but for the quantity, by quantity; none where there are not two."""
    groups: dict[str, list[Step]] = {}
    for column in columns:
        figure = _FIRST_FIGURE.search(column.name)
        if figure and column.is_number and column.concepts & _PRICES and not column.concepts & _NO_STEP:
            stem = re.sub(r"[\W\d_]+", " ", column.name).strip().casefold()
            groups.setdefault(stem, []).append(Step(int(figure[0]), column))
    most = max(groups.values(), key=len, default=[])
    steps = sorted(most, key=lambda step: step.minimum)
    distinct = len({step.minimum for step in steps}) == len(steps) and all(step.minimum for step in steps)
    return tuple(steps) if len(steps) >= _FEWEST and distinct and _never_dearer(steps) else ()


def _never_dearer(steps: Sequence[Step]) -> bool:
    """Whether more never costs more a piece: prices of years or of sizes do not fall so."""
    for lower, higher in pairwise(steps):
        few, many = (step.column.numbers.values(step.column.numbers.writing) for step in (lower, higher))
        if sum(few) < sum(many) and len(few) == len(many):
            return False
    return True
