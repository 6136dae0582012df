"""The folder of a hub that works with an account: its partner file, its secrets, the account's WSDL, a daemon on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connectors.netsuite.wsdl import fetch
from hub.composition import Hub
from hub.config import load_config
from hub.services.syncing import connections
from sandbox.netsuite.service import RunningNetSuite
from sandbox.netsuite.wsdl import documents
from tests.running import running

ENDPOINT = "2025_2"
_CONFIG = "[web]\nport = 0\n[delivery]\nfirst_delay_seconds = 0.2\nlongest_delay_seconds = 1\nattempts = 40\n"


def lay_wsdl(folder: Path) -> None:
    """Store the sandbox's WSDL as `fetch-wsdl` does."""
    source = "https://account.test/wsdl/v2025_2_0/"
    files = {source + path: text.encode() for path, text in documents(ENDPOINT).items()}
    fetch(files.__getitem__, f"{source}netsuite.wsdl", folder / ENDPOINT)


def add_partner(account: RunningNetSuite, folder: Path, about: str, connection: str) -> None:
    """Write the file of a partner that is this account; `about` begins with its code."""
    code = about.partition('"')[2].partition('"')[0]
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name in ("consumer_key", "consumer_secret", "token", "token_secret"):
        secret = secrets / f"{code}_{name}"
        secret.write_text(getattr(account.access, name), "utf-8")
        secret.chmod(0o600)
    lay_wsdl(folder / "wsdl")
    text = f"""version = 1
[partner]
{about}
[partner.agreement]
acknowledges = false
[connection]
connector = "netsuite"
account = "1234567_SB1"
url = "{account.url}"
wsdl_folder = "{folder / "wsdl"}"
consumer_key = "secret:{code}_consumer_key"
consumer_secret = "secret:{code}_consumer_secret"
token_id = "secret:{code}_token"
token_secret = "secret:{code}_token_secret"
read_timeout = 5
{connection}
"""
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / f"{code}.toml").write_text(text, "utf-8")


def only_the_shop_and(folder: Path, *codes: str) -> None:
    """Take the files of all other partners away."""
    for each in (folder / "mappings").glob("*.toml"):
        if each.stem not in ("shop", *codes):
            each.unlink()


def open_live(folder: Path) -> Hub:
    """Return the hub of the folder with every connection live from the beginning."""
    config = folder / "crossdock.toml"
    config.write_text(_CONFIG, "utf-8")
    hub = Hub(load_config(config))
    hub.upgrade()
    hub.refresh()
    connections.go_live(hub.desk, list(hub.directory.entries), datetime(2000, 1, 1, tzinfo=UTC), "test")
    return hub


@contextmanager
def reading_every_second(folder: Path, kinds: Sequence[str]) -> Iterator[Hub]:
    """Run a daemon that reads these kinds from everybody every second; everything is live."""
    (folder / "schedules").mkdir()
    schedule = f'[[schedule]]\nname = "all"\nevery = "1s"\nselect = {{ kind = {list(kinds)} }}\n'
    (folder / "schedules" / "all.toml").write_text(schedule, "utf-8")
    hub = open_live(folder)
    with running(hub):
        yield hub
