"""The built wheel, installed into an empty environment with the locked dependencies, works from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    # Nothing of this checkout may be seen by the installed copy.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "COV_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.timeout(900)
def test_the_wheel_works_in_an_empty_environment_from_an_empty_folder(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "hub/house/config.example.toml",
        "hub/house/schedules/default.toml",
        "hub/house/mappings/templates/csv_supplier.toml",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]

    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "runtime.lock", cwd=tmp_path)
    run(*pip, "--no-deps", wheel, cwd=tmp_path)

    folder = tmp_path / "empty"
    folder.mkdir()
    crossdock = tmp_path / "env" / "bin" / "crossdock"
    assert "wrote crossdock.toml" in run(crossdock, "init", cwd=folder)
    run(crossdock, "check", cwd=folder)
    summary = json.loads(run(crossdock, "demo", "--orders", "10", "--exit", "--json", cwd=folder))
    assert (summary["orders"], summary["lost"], summary["duplicated"]) == (10, 0, 0)
