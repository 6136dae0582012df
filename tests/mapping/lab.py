"""A place to write mapping files in and to load them from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from hub.mapping.partner_file import PartnerFile, load
from hub.mapping.problem import MappingErrors

HEAD = """\
version = 1
[partner]
code = "acme"
role = "supplier"
timezone = "America/Chicago"
[connection]
connector = "files"
url = "sftp://x"
"""


class Waits(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connect: int = 10
    key: SecretStr | None = None


class FileSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    password: SecretStr | None = None
    ready: str = "rename"
    waits: Waits = Waits()


class ShopSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: SecretStr
    locations: dict[str, str] = {}


MODELS: dict[str, type[BaseModel]] = {"files": FileSettings, "shop": ShopSettings}


@dataclass
class Lab:
    """A folder for mapping files and a house of templates beside it."""

    folder: Path
    house: Path
    secrets: dict[str, str]

    def write(self, text: str, name: str = "acme.toml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def template(self, text: str, name: str = "house.toml") -> Path:
        return self.write(text, str(self.house / "templates" / name))

    def open(self, path: Path) -> PartnerFile:
        return load(path, house=self.house, settings_models=MODELS, secrets=self.secrets.get)

    def load(self, text: str) -> PartnerFile:
        """Load a file that holds HEAD and this."""
        return self.open(self.write(HEAD + text))

    def problems(self, text: str, *, head: str = HEAD) -> list[str]:
        """Return what is wrong with a file that holds HEAD and this, as people read it, without the folder."""
        with pytest.raises(MappingErrors) as caught:
            self.open(self.write(head + text))
        return [line.replace(f"{self.folder}/", "") for line in str(caught.value).splitlines()]
