"""Run every benchmark, or those named: `python -m benchmarks [routing delivery ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    measures = "def main() -> "  # the other modules here are parts of those that measure
    known = sorted(path.stem for path in HERE.glob("[!_]*.py") if measures in path.read_text(encoding="utf-8"))
    wanted = sys.argv[1:] or known
    if unknown := [name for name in wanted if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}")
        return 2
    # One process each, so that peak memory is each benchmark's own.
    codes = []
    for name in wanted:
        print(f"== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
