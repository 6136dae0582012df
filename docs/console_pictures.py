"""Photographs pages of a running console with Chromium: `python docs/console_pictures.py ADDRESS NAME=PATH,HEIGHT ...`.

The pictures of the pages are of a hub that `make run` makes, for example
`python docs/console_pictures.py http://127.0.0.1:8377 today=/,900 what-if=/what-if/1,1000`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).parent / "images"
WIDTH, SCALE = 1280, 850 / 1280
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def photograph(browser: str, url: str, target: Path, height: int) -> None:
    """Keep the upper part of a page as a picture."""
    with tempfile.TemporaryDirectory() as profile:
        size = f"--window-size={WIDTH},{height}", f"--force-device-scale-factor={SCALE}"
        command = [browser, *FLAGS, *size, f"--user-data-dir={profile}", f"--screenshot={target}", url]
        subprocess.run(command, check=True, capture_output=True, timeout=110)  # noqa: S603 - our own words


def main() -> None:
    """Photograph what is asked for."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium is installed: apt-get install chromium")
    address, *wanted = sys.argv[1:]
    for each in wanted:
        name, _, page = each.partition("=")
        path, _, height = page.rpartition(",")
        photograph(browser, address + path, IMAGES / f"console-{name}.png", int(height))
        sys.stdout.write(f"photographed {name}\n")


if __name__ == "__main__":
    main()
