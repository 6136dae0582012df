"""The one configuration file: every setting with its default, checked whole, errors all at once and with lines."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hub.mapping.located import line_of
from hub.mapping.problem import in_words
from hub.model.money import Currency, ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services.alerting.alert_settings import AlertsSection
from hub.services.matching import Tolerances

_PREFIX = "CROSSDOCK__"
#: Settings that stood in the example and never did anything: a file that still has them is sound.
_IDLE = (("sync", "push_stock_seconds"),)


class ConfigError(Exception):
    """The configuration cannot be used; every problem stands on a line of its own."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """A table of the file: frozen, and closed to settings that do not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HubSection(Section):
    """[hub]: who we are and where our files are."""

    name: str = "crossdock"
    data: Annotated[Path, Field(description="folder of the database, locks and fetched files")] = Path("data")
    currency: Annotated[Currency, Field(description="the currency in which costs are compared")] = "USD"
    log: Annotated[Literal["text", "json"], Field(description="how events are written to stderr")] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


def _database(url: str) -> str:
    if not url:
        return url
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise ValueError("is no address of a database such as postgresql+psycopg://user@host/name or sqlite:///file")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file here, such as sqlite:///data/hub.db")
    return url


class StoreSection(Section):
    """[store]: the database."""

    url: Annotated[
        str,
        AfterValidator(_database),
        Field(description="empty: SQLite in the data folder; or postgresql+psycopg://..."),
    ] = ""
    archive_days: Annotated[int, Field(ge=1, description="how long originals are kept")] = 90
    run_days: Annotated[int, Field(ge=1, description="how long finished sync runs are kept")] = 30


class WebUser(Section):
    """[[web.users]]: somebody who may use the console, and what for."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^:|\x00-\x1f]+$")]
    role: Annotated[
        Literal["viewer", "operator", "admin"], Field(description="look; act on orders and failures; open connections")
    ] = "viewer"
    password: Annotated[str, Field(pattern=r"^secret:.+", description="where it is kept, as secret:name")]


class WebSection(Section):
    """[web]: health, metrics, the console and its JSON interface; loopback only unless told otherwise."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="0 takes any free port")] = 8377
    users: Annotated[
        tuple[WebUser, ...], Field(description="who may use the console; without any it answers on loopback only")
    ] = ()


class FoldersSection(Section):
    """[folders]: what users add to; relative to this file."""

    mappings: Path = Path("mappings")
    schedules: Path = Path("schedules")
    routing: Annotated[Path, Field(description="routing files, counted after routing.toml beside this file")] = Path(
        "routing"
    )
    secrets: Annotated[Path, Field(description="one file a secret, readable by its owner only (mode 0700)")] = Path(
        "secrets"
    )


class DeliverySection(Section):
    """[delivery]: how hard and how fast we push what has to go out."""

    workers: Annotated[int, Field(ge=1, le=256)] = 16
    workers_per_connection: Annotated[int, Field(ge=1, le=32)] = 4
    attempts: Annotated[int, Field(ge=1, description="tries before a delivery is parked")] = 8
    first_delay_seconds: Annotated[float, Field(gt=0)] = 5.0
    longest_delay_seconds: Annotated[float, Field(gt=0)] = 3600.0
    drain_seconds: Annotated[float, Field(ge=0, description="how long a stop waits for what is in flight")] = 20.0


class SyncSection(Section):
    """[sync]: how partners are read."""

    workers: Annotated[int, Field(ge=1, le=256)] = 8
    rescan_seconds: Annotated[float, Field(gt=0, description="how often the mappings folder is looked at")] = 2.0


class RatesSection(Section):
    """[rates]: exchange rates, from a file or written here; `rates.EUR` is how many EUR one unit of `base` buys."""

    file: Annotated[Path | None, Field(description="a TOML file with `base` and a `rates` table")] = None
    base: Currency | None = None
    rates: dict[str, str] = {}


class Config(Section):
    """Everything that can be set, with its default; relative paths are relative to the file's folder."""

    hub: HubSection = HubSection()
    store: StoreSection = StoreSection()
    web: WebSection = WebSection()
    folders: FoldersSection = FoldersSection()
    delivery: DeliverySection = DeliverySection()
    sync: SyncSection = SyncSection()
    rates: RatesSection = RatesSection()
    routing: RoutingRules = RoutingRules()
    invoices: Tolerances = Tolerances()
    alerts: AlertsSection = AlertsSection()
    folder: Annotated[Path, Field(exclude=True)] = Path()

    def path(self, relative: Path) -> Path:
        """Return a path of the file as one that holds from anywhere."""
        return self.folder / relative

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.path(self.hub.data)

    @property
    def store_url(self) -> str:
        """The database's URL, the SQLite default filled in."""
        return self.store.url or f"sqlite:///{(self.data / 'crossdock.db').absolute()}"

    def exchange_rates(self) -> ExchangeRates:
        """Return the rates in force; raises ConfigError when the rates file cannot be used."""
        section = self.rates
        if section.file is None:
            return ExchangeRates(base=section.base or self.hub.currency, rates=dict(section.rates))
        path = self.path(section.file)
        try:
            return ExchangeRates.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
            raise ConfigError([f"{path}: exchange rates cannot be read: {error}"]) from None


def load_config(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file and lay `CROSSDOCK__SECTION__KEY` from the environment over it; raises ConfigError."""
    environ = os.environ if environ is None else environ
    try:
        text = path.read_text("utf-8")
        raw = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file; `crossdock init` writes one"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        twice = any(words in str(error) for words in ("twice", "immutable", "overwrite"))
        todo = "; put what belongs to one table under one head, and no `= []` beside [[...]]" if twice else ""
        raise ConfigError([f"{path}: cannot be read as TOML: {error}{todo}"]) from None
    for section, key in _IDLE:
        if isinstance(raw.get(section), dict):
            raw[section].pop(key, None)
    overridden = _lay_over(raw, environ)
    try:
        config = Config.model_validate({**raw, "folder": path.parent.absolute()})
    except ValidationError as error:
        raise ConfigError([_problem(path, text, each, overridden) for each in error.errors()]) from None
    config.exchange_rates()
    return config


def _lay_over(raw: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put the environment's settings into the table; returns which variable set what."""
    overridden: dict[tuple[str, ...], str] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX):
            continue
        keys = tuple(part.lower() for part in name.removeprefix(_PREFIX).split("__"))
        table = raw
        for key in keys[:-1]:
            table = table.setdefault(key, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict):  # where the file has no table, that is what is wrong, and is told
            table[keys[-1]] = value
            overridden[keys] = name
    return overridden


def _problem(path: Path, text: str, error: Any, overridden: Mapping[tuple[str, ...], str]) -> str:  # noqa: ANN401 - pydantic's own error details
    keys = tuple(str(part) for part in error["loc"])
    what = f"{'.'.join(keys)}: {in_words(error)}"
    if error["type"] == "extra_forbidden":
        what = f"{'.'.join(keys)}: there is no such setting"
    if keys in overridden:
        return f"{overridden[keys]} (environment): {what}"
    return f"{path}:{line_of(text, error['loc'])}: {what}"


def secret_finder(folder: Path, environ: Mapping[str, str] | None = None) -> Callable[[str], str | None]:
    """Return a look-up of `secret:name`: the environment (CROSSDOCK_SECRET_NAME), the secrets folder, systemd's.

    The look-up returns None for what is nowhere, and raises OSError for what is there and cannot be read.
    """
    environ = os.environ if environ is None else environ

    def find(name: str) -> str | None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            return None  # a name is never a path
        if (value := environ.get(f"CROSSDOCK_SECRET_{name.upper().replace('-', '_')}")) is not None:
            return value
        places = [folder, *([Path(environ["CREDENTIALS_DIRECTORY"])] if "CREDENTIALS_DIRECTORY" in environ else [])]
        for place in places:
            candidate = place / name
            if candidate.is_file():
                try:
                    return candidate.read_text("utf-8").strip()
                except UnicodeDecodeError:
                    raise OSError(f"{candidate} is no text in UTF-8") from None
        return None

    return find
