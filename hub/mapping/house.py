"""Where the house templates are: inside an installed copy, or beside the source."""

from __future__ import annotations

from pathlib import Path

import hub


def house_folder() -> Path:
    """Return the folder that holds `templates/`: the wheel's own, else the repository's `mappings`."""
    package = Path(hub.__file__).parent
    inside = package / "house" / "mappings"
    return inside if inside.is_dir() else package.parent / "mappings"
