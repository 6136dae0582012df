"""`crossdock init`: a folder to work in."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from hub.cli.session import NothingToDo
from hub.cli.show import json_option, print_json
from hub.mapping.house import house_folder


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Write a configuration, a mappings, a schedules and a secrets folder into FOLDER; keep what is there."""
    house = house_folder().parent
    made = []
    for path in (folder / "mappings", folder / "schedules", folder / "secrets"):
        if not path.is_dir():
            path.mkdir(parents=True)
            made.append(path)
    (folder / "secrets").chmod(0o700)
    for source, target in (
        (house / "config.example.toml", folder / "crossdock.toml"),
        (house / "schedules" / "default.toml", folder / "schedules" / "default.toml"),
    ):
        if not target.exists():
            shutil.copyfile(source, target)
            made.append(target)
    if not made:
        raise NothingToDo(f"{folder}: everything is there already")
    if as_json:
        print_json({"wrote": made})
        return
    for path in made:
        click.echo(f"wrote {path}")
    click.echo("next: put a partner's file into mappings/, then `crossdock check` and `crossdock run`")
