"""Which settings a running daemon takes over when its configuration is read again, and which wait for a restart."""

from __future__ import annotations

from hub.config import Config

#: Sections, or settings of a section, that are built into what runs since the start.
_AT_START: dict[str, tuple[str, ...] | None] = {
    "hub": ("name", "data", "currency"),
    "store": ("url",),
    "web": None,
    "folders": None,
    "delivery": None,
    "sync": ("workers",),
}


def merge(running: Config, fresh: Config) -> tuple[Config, list[str]]:
    """Return the configuration to go on with, and the settings whose change needs a restart."""
    kept, waiting = {}, []
    for section, names in _AT_START.items():
        old, new = getattr(running, section), getattr(fresh, section)
        fixed = tuple(type(old).model_fields) if names is None else names
        waiting += [f"{section}.{name}" for name in fixed if getattr(old, name) != getattr(new, name)]
        kept[section] = new.model_copy(update={name: getattr(old, name) for name in fixed})
    return fresh.model_copy(update={**kept, "folder": running.folder}), waiting
