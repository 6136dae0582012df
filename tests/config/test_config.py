"""The configuration: loads as shipped, shows every setting, says every problem at once and where it is."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub.config import Config, ConfigError, load_config, secret_finder
from hub.model.money import Money

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "crossdock.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_example_loads_as_it_is_and_holds_the_defaults() -> None:
    assert load_config(EXAMPLE, {}).model_dump() == Config(folder=EXAMPLE.parent).model_dump()


def test_the_example_shows_every_setting() -> None:
    text = EXAMPLE.read_text("utf-8")
    tables = ("users", "transit", "rate_cards", "channels", "rules")  # written as [[...]], which an `= []` forbids
    for optional in ("file", "base", "max_splits", "max_km", *tables):
        text = text.replace(f"\n# {optional} =", f"\n{optional} =")
    shown = tomllib.loads(text)
    for section, field in Config.model_fields.items():
        if section == "folder":
            continue
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        missing = set(field.annotation.model_fields) - set(shown.get(section, {}))
        assert not missing, f"[{section}] does not show {sorted(missing)}"


@pytest.mark.parametrize(
    "table", ["web.users", "routing.transit", "routing.rate_cards", "alerts.channels", "alerts.rules"]
)
def test_tables_go_below_what_init_has_written(tmp_path: Path, table: str) -> None:
    """An empty list in the example forbade them: TOML lets nobody add to what is written."""
    path = write(tmp_path, f"{EXAMPLE.read_text('utf-8')}\n[[{table}]]\nnonsense = 1\n")
    with pytest.raises(ConfigError, match=f"{table}.*nonsense"):
        load_config(path, {})


def test_a_table_that_stands_twice_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, "[alerts]\nquiet = ''\n[alerts]\ndigest = ''\n")
    with pytest.raises(ConfigError, match=r"line 3.*put what belongs to one table under one head"):
        load_config(path, {})


def test_all_problems_are_said_at_once_each_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, '[hub]\ncurrency = "XXZ"\n\n[web]\nport = 99999\nhots = "x"\n\n[nonsense]\na = 1\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    problems = caught.value.problems
    assert [problem.split(": ")[0].removeprefix(str(path)) for problem in problems] == [":2", ":5", ":6", ":8"]
    assert "'XXZ' is not an ISO 4217 currency code" in problems[0]
    assert problems[2].endswith("web.hots: there is no such setting")


def test_a_problem_in_a_list_of_tables_is_told_with_the_line_of_its_own_table(tmp_path: Path) -> None:
    rule = '[[alerts.rules]]\nname = "{}"\nwhen = "feed_older"\nthan = "{}"\n'
    with pytest.raises(ConfigError, match=r":8: alerts\.rules\.1\.than: 'soon' is not a span such as"):
        load_config(write(tmp_path, rule.format("a", "4h") + rule.format("b", "soon")), {})


def test_a_setting_that_never_did_anything_does_not_stop_the_start(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "[sync]\nworkers = 3\npush_stock_seconds = 30.0\n"), {}).sync.workers == 3


def test_the_environment_lies_over_the_file_and_is_named_when_it_is_wrong(tmp_path: Path) -> None:
    path = write(tmp_path, "[web]\nport = 1000\n")
    assert load_config(path, {"CROSSDOCK__WEB__PORT": "2000"}).web.port == 2000
    with pytest.raises(ConfigError, match=r"CROSSDOCK__WEB__PORT \(environment\): web.port"):
        load_config(path, {"CROSSDOCK__WEB__PORT": "many"})


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="crossdock init"):
        load_config(tmp_path / "crossdock.toml", {})


def test_what_is_not_toml_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        load_config(write(tmp_path, "[hub\n"), {})


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, '[hub]\ndata = "d"\n'), {})
    assert config.data == tmp_path / "d"
    assert config.store_url == f"sqlite:///{tmp_path / 'd' / 'crossdock.db'}"
    assert config.path(config.folders.mappings) == tmp_path / "mappings"


def test_rates_come_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text('base = "USD"\n[rates]\nEUR = "0.8"\n', "utf-8")
    rates = load_config(write(tmp_path, '[rates]\nfile = "rates.toml"\n'), {}).exchange_rates()
    assert rates.convert(Money(amount=Decimal(8), currency="EUR"), "USD").amount == Decimal(10)


def test_a_rates_file_that_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text('base = "USD"\n[rates]\nEUR = "NaN"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"rates\.toml: exchange rates cannot be read"):
        load_config(write(tmp_path, '[rates]\nfile = "rates.toml"\n'), {})


def test_a_secret_is_looked_for_in_the_environment_then_the_folder_then_systemd(tmp_path: Path) -> None:
    ours, systemd = tmp_path / "secrets", tmp_path / "credentials"
    for folder, word in ((ours, "ours"), (systemd, "systemd")):
        folder.mkdir()
        (folder / "acme_sftp").write_text(f"{word}\n", "utf-8")
    (systemd / "only_there").write_text("there", "utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(systemd)}
    assert secret_finder(ours, {**environ, "CROSSDOCK_SECRET_ACME_SFTP": "environment"})("acme_sftp") == "environment"
    assert secret_finder(ours, environ)("acme_sftp") == "ours"
    assert secret_finder(ours, environ)("only_there") == "there"
    assert secret_finder(ours, environ)("nowhere") is None


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "", ".hidden", "a/b"])
def test_a_secrets_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text("x", "utf-8")
    assert secret_finder(folder, {})(name) is None
