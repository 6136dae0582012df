"""Which column makes which field: the assignment with the greatest sum, one column one field."""

from __future__ import annotations

from collections.abc import Sequence


def assign(scores: Sequence[Sequence[float]]) -> list[int | None]:
    """Return for each row (field) its column, or None where nothing is better than none; the Hungarian method.

    A field that gets no column counts as zero, so columns with a score of zero are never given.
    """
    fields = len(scores)
    if not fields:
        return []
    columns = len(scores[0])
    wide = columns + fields  # a place for every field that stays without
    costs = [[-score for score in row] + [0.0] * fields for row in scores]
    by_field, by_column = [0.0] * (fields + 1), [0.0] * (wide + 1)
    owner = [0] * (wide + 1)
    for field in range(1, fields + 1):
        _augment(costs, field, wide, by_field, by_column, owner)
    found: list[int | None] = [None] * fields
    for column in range(1, columns + 1):
        field = owner[column]
        if field and scores[field - 1][column - 1] > 0:
            found[field - 1] = column - 1
    return found


def _augment(
    costs: list[list[float]], field: int, wide: int, by_field: list[float], by_column: list[float], owner: list[int]
) -> None:
    """Give one more field a column, moving others where that is cheaper."""
    infinite = float("inf")
    owner[0], here = field, 0
    least, came_from, done = [infinite] * (wide + 1), [0] * (wide + 1), [False] * (wide + 1)
    while owner[here]:
        done[here] = True
        row, step, there = owner[here], infinite, 0
        for column in range(1, wide + 1):
            if done[column]:
                continue
            cost = costs[row - 1][column - 1] - by_field[row] - by_column[column]
            if cost < least[column]:
                least[column], came_from[column] = cost, here
            if least[column] < step:
                step, there = least[column], column
        for column in range(wide + 1):
            if done[column]:
                by_field[owner[column]] += step
                by_column[column] -= step
            else:
                least[column] -= step
        here = there
    while here:
        owner[here] = owner[came_from[here]]
        here = came_from[here]
