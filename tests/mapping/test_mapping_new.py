"""`mapping new` on feeds that were written before it, with the answers beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mapping.measure import FEEDS, Answer, feeds, measured

HELD = FEEDS / "held"
BLIND = FEEDS / "blind"
SECOND = FEEDS / "second"


def figures(folder: Path, where: Path) -> list[Answer]:
    found = [answer for feed in feeds(folder) for answer in measured(feed, where)]
    right = sum(each.right for each in found)
    asked = sum(each.right and not each.marked for each in found)
    print(
        f"\n{len(feeds(folder))} feeds, {len(found)} answers: {right} right without an edit "
        f"({right / len(found):.1%}; {asked} of them without a question), "
        f"{sum(each.wrong_and_silent for each in found)} wrong without a question mark"
    )
    for each in found:
        if not each.right:
            print(f"  {each}")
    return found


@pytest.mark.parametrize("feed", feeds(FEEDS), ids=lambda feed: feed.stem)
def test_what_is_wrong_carries_a_question_mark(feed: Path, tmp_path: Path) -> None:
    silent = [str(each) for each in measured(feed, tmp_path) if each.wrong_and_silent]
    assert silent == []


def test_nine_of_ten_answers_are_right_without_an_edit(tmp_path: Path) -> None:
    found = figures(FEEDS, tmp_path)
    assert sum(each.right for each in found) >= 0.9 * len(found)


@pytest.mark.parametrize("folder", [HELD, BLIND, SECOND], ids=lambda folder: folder.name)
def test_so_they_are_for_feeds_that_were_held_back(folder: Path, tmp_path: Path) -> None:
    found = figures(folder, tmp_path)
    assert sum(each.right for each in found) >= 0.9 * len(found)
