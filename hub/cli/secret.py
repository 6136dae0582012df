"""`crossdock secret`: keep secrets, and see that every one that is named is somewhere. No value is ever shown."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hub import secret_names
from hub.cli.session import FAILED, Failure, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.config import Config

_COLUMNS = ("name", "kept_in", "named_by")


@click.group()
def secret() -> None:
    """Keep, list and check secrets; their values are never shown."""


@secret.command("set")
@click.argument("name")
@json_option
@pass_session
def set_secret(session: Session, name: str, as_json: bool) -> None:
    """Keep a secret in the secrets folder: typed unseen, or read from standard input."""
    value = click.prompt(name, hide_input=True) if sys.stdin.isatty() else _piped()
    if not value:
        raise Failure("nothing was given; type it, or send it to standard input")
    config = session.config()
    try:
        secret_names.put(_folder(config), name, value)
    except (ValueError, OSError) as error:
        raise Failure(str(error)) from None
    hidden = secret_names.place(name, _folder(config)) == "environment"
    if as_json:
        print_json({"set": name, "hidden_by": secret_names.variable(name) if hidden else None})
    elif hidden:
        click.echo(f"kept {name}; where {secret_names.variable(name)} is set, as it is here, that comes first")
    else:
        click.echo(f"kept {name}; a running daemon takes it up within seconds")


def _piped() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise Failure("what came on standard input is no text in UTF-8; a key in binary form goes as text") from None


@secret.command("list")
@json_option
@pass_session
def list_secrets(session: Session, as_json: bool) -> None:
    """List every secret that is kept or named: where it is, and which files name it."""
    print_rows(_rows(session.config(), session.config_path), _COLUMNS, as_json=as_json, empty="no secret yet")


@secret.command()
@json_option
@pass_session
def check(session: Session, as_json: bool) -> None:
    """See that every secret that a file names is somewhere, and that nobody else can read it."""
    config = session.config()
    rows = _rows(config, session.config_path)
    problems = [
        f"{row['name']} is nowhere, and {row['named_by']} names it: `crossdock secret set {row['name']}`"
        for row in rows
        if not row["kept_in"]
    ]
    problems += secret_names.unreadable(_folder(config))
    problems += [f"{path} is open to others: chmod go= {path}" for path in secret_names.open_to_others(_folder(config))]
    if as_json:
        print_json({"secrets": len(rows), "problems": problems})
    else:
        click.echo("\n".join(problems) or f"{len(rows)} secret(s), all in place")
    if problems:
        raise SystemExit(FAILED)


def _folder(config: Config) -> Path:
    return config.path(config.folders.secrets)


def _rows(config: Config, config_path: Path) -> list[dict[str, str]]:
    named = secret_names.named([config_path, *sorted(config.path(config.folders.mappings).glob("*.toml"))])
    names = sorted({*named, *secret_names.kept(_folder(config))})
    return [
        {
            "name": name,
            "kept_in": secret_names.place(name, _folder(config)),
            "named_by": ", ".join(named.get(name, ())),
        }
        for name in names
    ]
