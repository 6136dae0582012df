"""A place to write mapping files in, with a house of its own or with the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mapping.house import house_folder
from tests.mapping.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, tmp_path / "house", {"acme_sftp": "hunter22", "shop_token": "tok"})


@pytest.fixture
def house_lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, house_folder(), {"acme_sftp": "hunter22"})
