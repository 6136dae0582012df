"""Mapping files as commands name them: by the partner's code, or by a path."""

from __future__ import annotations

from pathlib import Path

from hub.cli.session import Failure
from hub.composition import Hub
from hub.mapping.partner_file import PartnerFile, load
from hub.mapping.problem import MappingErrors


def mapping_path(hub: Hub, name: str) -> Path:
    """Return the file that a partner's code or a path names."""
    named = Path(name)
    candidates = (named, hub.library.folder / f"{name}.toml")
    for path in candidates:
        if path.is_file():
            return path
    raise Failure(f"there is no file {candidates[1]}")


def read(hub: Hub, path: Path) -> PartnerFile:
    """Return a file, checked and compiled; raises MappingErrors."""
    library = hub.library
    return load(path, house=library.house, settings_models=library.settings_models, secrets=library.secrets)


def load_named(hub: Hub, name: str) -> PartnerFile:
    """Return the file of this name; its problems end the command."""
    try:
        return read(hub, mapping_path(hub, name))
    except MappingErrors as error:
        raise Failure(str(error)) from None
