"""Whatever a sample holds, `mapping new` writes a file that passes its check, or says in words why it cannot."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.mapping.guess.new import new_mapping
from hub.mapping.guess.sample import NoSample
from tests.mapping.measure import FEEDS, feeds, opened

SEEDS = range(8)
MORE = range(8, 200)
ODD = ["", " ", "'", '"', "\\", "#1", "=", "]", "a.b", "../x", "{", "\t", "Qty\u00a0", "é" * 50, "12", "-", "€ 5", "%"]


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """Return a sample with some bytes changed, dropped or doubled, and some odd texts in it."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(data))
        what = chance.randrange(4)
        if what == 0:
            data[place] = chance.randrange(256)
        elif what == 1:
            del data[place : place + chance.randint(1, 30)]
        elif what == 2:
            data[place:place] = data[place : place + chance.randint(1, 60)]
        else:
            data[place:place] = chance.choice(ODD).encode()
        if not data:
            return b""
    return bytes(data)


def shuffled(content: bytes, chance: random.Random) -> bytes:
    """Return a sample with its columns in another order, some left out and some named oddly."""
    rows = [line.split(b";") for line in content.replace(b",", b";").replace(b"|", b";").splitlines()]
    width = max(map(len, rows))
    order = [place for place in chance.sample(range(width), width) if chance.random() < 0.85] or [0]
    rows[0] = [chance.choice(ODD).encode() if chance.random() < 0.2 else cell for cell in rows[0]]
    return b"\n".join(b";".join(row[place] if place < len(row) else b"" for place in order) for row in rows)


def goes_well(seed: int, spoil: Callable[[bytes, random.Random], bytes], folder: Path) -> None:
    """Write mappings for samples of this seed; what is written passes its check."""
    chance = random.Random(seed)
    for feed in chance.sample(feeds(FEEDS), 8):
        if spoil is shuffled and feed.suffix not in (".csv", ".txt", ".tsv"):
            continue
        sample = folder / feed.name
        sample.write_bytes(spoil(feed.read_bytes(), chance))
        try:
            made = new_mapping("acme", [(sample, None)], folder, opened, force=True)
        except NoSample:
            continue
        assert opened(made.path).run_tests() == [], f"seed {seed}, {feed.name}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("spoil", [spoilt, shuffled])
def test_the_outcome_is_a_right_file_or_a_sentence(
    seed: int, spoil: Callable[[bytes, random.Random], bytes], tmp_path: Path
) -> None:
    goes_well(seed, spoil, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("spoil", [spoilt, shuffled])
def test_so_it_is_for_many_more(spoil: Callable[[bytes, random.Random], bytes], tmp_path: Path) -> None:
    for seed in MORE:
        goes_well(seed, spoil, tmp_path)
