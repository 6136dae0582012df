"""The loop of a fuzz test: every input is made from a printed seed, and is told when it fails or takes too long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

#: Makes an input of a sound one, of chance, and of another sound one.
Mutate = Callable[[bytes, random.Random, bytes], bytes]

_LONGEST = 20.0


def fuzz(
    count: int,
    seed: int,
    sound: Sequence[bytes],
    mutated: Mutate,
    exercise: Callable[[bytes, int], None],
    exercise_more: Callable[[bytes], None],
) -> None:
    """Exercise so many inputs, given in chunks of several sizes, and every tenth some more."""
    print(f"fuzzing {count} inputs, seed {seed}")
    rng = random.Random(seed)
    for number in range(count):
        data = mutated(rng.choice(sound), rng, rng.choice(sound))
        chunk = rng.choice((1, 7, 64, 100_000, 100_000))
        began = time.monotonic()
        try:
            exercise(data, chunk)
            if number % 10 == 0:
                exercise_more(data)
        except Exception as error:
            raise AssertionError(f"input {number} of seed {seed}: {data!r}") from error
        assert time.monotonic() - began < _LONGEST, f"input {number} of seed {seed} took too long: {data!r}"
