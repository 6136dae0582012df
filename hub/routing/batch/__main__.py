"""`python -m hub.routing.batch`: a batch comes in at standard input, its plan goes out at standard output, pickled.

For a caller that has other things to do meanwhile and starts this program at a lower priority.
"""

from __future__ import annotations

import os
import pickle
import sys

from hub.routing.batch.joint import solve_batch

#: How far this gives way to the program that started it.
_GIVES_WAY = 10


def main() -> None:
    """Solve the one batch that is asked."""
    os.nice(_GIVES_WAY)
    questions, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the program that started this one
    pickle.dump(solve_batch(questions, limits), sys.stdout.buffer)


if __name__ == "__main__":
    main()
