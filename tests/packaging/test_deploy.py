"""What operators install is sound: the unit, the container, the compose file and the dashboard."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hub.web.metrics import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "crossdock.service").read_text("utf-8")
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"),
    *("ENTRYPOINT", "CMD", "ARG", "LABEL"),
}


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed here")
    unit = tmp_path / "crossdock.service"
    unit.write_text(UNIT.replace("/opt/crossdock/bin/crossdock", "/bin/true"), "utf-8")
    done = subprocess.run([analyse, "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False)
    assert "crossdock.service" not in done.stderr, done.stderr


def test_the_unit_waits_for_readiness_and_is_watched_and_restarted() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(UNIT)
    service = parser["Service"]
    assert (service["Type"], service["Restart"], service["ProtectSystem"]) == ("notify", "on-failure", "strict")
    assert int(service["WatchdogSec"]) >= 60
    assert int(service["TimeoutStopSec"]) > 20  # longer than drain_seconds, or what is in flight is cut off
    assert service["ExecReload"].endswith("-HUP $MAINPID")


def test_every_line_of_the_container_file_is_an_instruction() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert {line.split()[0] for line in lines} <= INSTRUCTIONS
    assert any(line.startswith("USER ") for line in lines)
    for line in lines:
        if line.startswith(("CMD [", "ENTRYPOINT [")):
            assert json.loads(line.split(" ", 1)[1])


def test_the_compose_file_is_read_by_compose() -> None:
    docker = shutil.which("docker")
    ready = docker and subprocess.run([docker, "compose", "version"], capture_output=True, timeout=30, check=False)
    if not docker or not ready or ready.returncode:
        pytest.skip("docker compose is not installed here")
    command = [docker, "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def test_the_compose_file_says_what_it_means() -> None:
    hub = pytest.importorskip("yaml").safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["hub"]
    assert hub["read_only"] is True
    assert (DEPLOY / hub["build"]["context"] / hub["build"]["dockerfile"]).is_file()
    assert "data:/var/lib/crossdock" in hub["volumes"]


def test_the_compose_file_keeps_the_hub_to_this_machine() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    assert "\t" not in text
    assert re.findall(r"- (\S+:8377:8377)", text) == ["127.0.0.1:8377:8377"]
    for indent in re.findall(r"^( *)\S", text, re.MULTILINE):
        assert len(indent) % 2 == 0


def queries() -> list[str]:
    dashboard: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_the_dashboard_asks_for_every_metric_and_for_none_that_there_is_not() -> None:
    assert set(re.findall(r"crossdock_[a-z_]+", " ".join(queries()))) == set(FAMILIES)


def test_the_dashboard_asks_for_labels_that_the_metrics_have() -> None:
    for expr in queries():
        names = re.findall(r"crossdock_[a-z_]+", expr)
        used = re.findall(r"[{,]([a-z_]+)=", expr) + re.findall(r"by \(([^)]*)\)", expr)
        for label in (each.strip() for part in used for each in part.split(",")):
            assert all(label in FAMILIES[name][1] for name in names), expr


def test_the_dashboard_shows_labels_that_are_there() -> None:
    dashboard: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            (name,) = re.findall(r"crossdock_[a-z_]+", target["expr"])
            shown = re.findall(r"{{([a-z_]+)}}", target["legendFormat"])
            assert set(shown) <= set(FAMILIES[name][1]), target
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_a_panel_shows_one_unit_and_counts_by_time_only_what_grows() -> None:
    dashboard: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            (name,) = re.findall(r"crossdock_[a-z_]+", target["expr"])
            assert (panel["fieldConfig"]["defaults"]["unit"] == "s") is name.endswith("_seconds"), panel["title"]
            assert bool(re.match(r"(increase|rate)\(", target["expr"])) is name.endswith("_total"), target["expr"]
