"""`crossdock failed`: everything that needs a person, in one list whatever it is made of."""

from __future__ import annotations

import functools
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from sqlalchemy import Connection

from hub import span
from hub.cli.params import Moment, Span
from hub.cli.session import FAILED, Failure, NothingToDo, Seen, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.composition import Hub
from hub.services.attention import failures, retry_data, waiting
from hub.services.attention.failure import FailureKind, Filters, Group
from hub.services.attention.failure_detail import detail
from hub.services.attention.failure_watch import Fate, fates
from hub.services.attention.rehearsal import rehearse
from hub.services.requests import Refused
from hub.services.syncing import would_send as holding
from hub.store import archive, connections

#: What is said of an id that a rerun would refuse.
_NOT_AGAIN = "be refused: it is over, or can only be closed, or there is no such failure"
#: What `show` prints as tables, below the rest.
_TABLES = {
    "fields": ("field", "source", "theirs", "ours", "problem"),
    "attempts": ("number", "verb", "started_at", "outcome", "error", "request", "reply"),
    "edits": ("at", "actor", "why"),
}
_COLUMNS = ("id", "kind", "partner", "document", "subject", "code", "error", "since")
_HELD = ("id", "partner", "document", "key", "order", "name", "size", "since")
_WAITS = ("id", "partner", "subject", "why", "until", "since")
_GROUPS = ("count", "oldest", "partner", "document", "error_class", "code", "example", "todo")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Choice:
    """Which failures a command is about."""

    partner: str | None
    document: str | None
    cause: str | None
    kinds: tuple[str, ...]
    older: timedelta | None
    newer: timedelta | None
    since: str | None
    until: str | None

    @property
    def names_something(self) -> bool:
        """Whether anything at all was chosen by."""
        return any(
            (self.partner, self.document, self.cause, self.kinds, self.older, self.newer, self.since, self.until)
        )

    @property
    def names_more_than_a_document(self) -> bool:
        """Whether it was chosen by more than the partner and the document."""
        return any((self.cause, self.kinds, self.older, self.newer, self.since, self.until))

    def filters(self, now: datetime, *, closed: bool = False) -> Filters:
        """Return it as the service takes it."""
        before = [datetime.fromisoformat(self.until)] if self.until else []
        after = [datetime.fromisoformat(self.since)] if self.since else []
        before += [now - self.older] if self.older else []
        after += [now - self.newer] if self.newer else []
        return Filters(
            frozenset(map(FailureKind, self.kinds)),
            self.partner,
            self.document,
            self.cause,
            closed=closed,
            before=min(before, default=None),
            after=max(after, default=None),
        )


_CHOICES = (
    click.option("--partner", help="Only this partner."),
    click.option("--document", help="Only this document, as its mapping file names it."),
    click.option("--cause", "--code", help="Only this cause: a code, an error class, or CLASS/CODE."),
    click.option("--kind", "kinds", multiple=True, type=click.Choice([each.value for each in FailureKind])),
    click.option("--older", type=Span(), help="Only what stands for longer than this, e.g. 3h."),
    click.option("--newer", type=Span(), help="Only what stands for less than this, e.g. 30m."),
    click.option("--since", type=Moment(), help="Only what failed from this time on."),
    click.option("--until", type=Moment(), help="Only what failed before this time."),
)


def choosing(function: F) -> F:
    """Add the options that choose failures to a command; it gets one `choice`."""

    @functools.wraps(function)
    def chosen(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the command takes
        names = Choice.__dataclass_fields__
        choice = Choice(**{name: options.pop(name) for name in names})
        return function(*arguments, choice=choice, **options)

    for option in reversed(_CHOICES):
        chosen = option(chosen)
    return cast("F", chosen)


@click.group()
def failed() -> None:
    """List, show, rerun, edit and close what failed: records, deliveries, runs, lines without a source."""


@failed.command("list")
@choosing
@click.option("--closed", is_flag=True, help="What a person or a later success has closed instead.")
@click.option("--records", is_flag=True, help="One row a failure; --json prints these anyway.")
@click.option("--group", "grouped", is_flag=True, help="One row a cause, as without --json.")
@click.option("--would-send", is_flag=True, help="What observing connections would have sent instead.")
@click.option("--waiting", "waits", is_flag=True, help="What waits by itself instead, and needs nobody yet.")
@json_option
@pass_session
def list_failed(
    session: Session,
    choice: Choice,
    closed: bool,
    records: bool,
    grouped: bool,
    would_send: bool,
    waits: bool,
    as_json: bool,
) -> None:
    """List what needs a person: one row a cause, the largest first, with how old the oldest is.

    With --would-send: the documents that are held back only because their connection observes, and what they hold.
    With --waiting: what is tried again by itself, or waits for its partner's word or for its order, and until when.
    """
    if records + grouped + would_send + waits > 1:
        raise click.UsageError("say only one of --records, --group, --would-send and --waiting")
    if closed and (would_send or waits):
        raise click.UsageError("--closed is of failures; say it without --would-send and --waiting")
    if would_send:
        if choice.names_more_than_a_document:
            raise click.UsageError("with --would-send choose with --partner and --document only")
        _list_held(session, choice, as_json=as_json)
        return
    if waits:
        _list_waiting(session, choice, as_json=as_json)
        return
    with session.reading() as (hub, tx):
        now = hub.clock.now()
        filters = choice.filters(now, closed=closed)
        if records or (as_json and not grouped):
            rows, columns = [each.as_json() for each in failures.list_failures(tx, now, filters)], _COLUMNS
        else:
            found, columns = failures.groups(tx, now, filters, with_ids=as_json), _GROUPS
            rows = [_row(each, now) for each in found]
        empty = "" if rows else _nothing(tx, choice, closed=closed)
    print_rows(rows, columns, as_json=as_json, empty=empty)


def _row(group: Group, now: datetime) -> dict[str, Any]:
    return {name: getattr(group, name) for name in group.__slots__} | {"oldest": span.told(now - group.since)}


def _nothing(tx: Connection, choice: Choice, *, closed: bool) -> str:
    """Say what an empty list is empty of: that nothing is chosen does not mean that nothing needs a person."""
    words = "nothing was closed" if closed else "nothing needs a person"
    if not choice.names_something:
        return words
    stranger = choice.partner is not None and connections.get(tx, choice.partner) is None
    return f"{words} that was chosen" + (f"; there is no connection {choice.partner!r}" if stranger else "")


def _list_held(session: Session, choice: Choice, *, as_json: bool) -> None:
    with session.reading() as (_, tx):
        held = [each.as_json() for each in holding.listing(tx, choice.partner, choice.document)]
        empty = "nothing is held back" + _not_observing(tx, choice.partner)
    print_rows(held, _HELD, as_json=as_json, empty=empty)


def _not_observing(tx: Connection, partner: str | None) -> str:
    """Say why nothing is held back of a partner, where that is because it does not observe."""
    if partner is None:
        return ""
    row = connections.get(tx, partner)
    if row is None:
        return f"; there is no connection {partner!r}"
    return "" if holding.holds_back(row) else f": {partner} is {row.mode.value}"


def _list_waiting(session: Session, choice: Choice, *, as_json: bool) -> None:
    if choice.document or choice.names_more_than_a_document:
        raise click.UsageError("--waiting is chosen by --partner only")
    with session.reading() as (hub, tx):
        found = [asdict(each) for each in waiting.listing(tx, hub.clock.now(), choice.partner)]
    print_rows(found, _WAITS, as_json=as_json, empty="nothing waits")


@failed.command()
@click.argument("failure_id")
@click.option(
    "--data", "data_only", is_flag=True, help="Print its retry data alone, byte for byte, as `edit` takes it."
)
@json_option
@pass_session
def show(session: Session, failure_id: str, data_only: bool, as_json: bool) -> None:
    """Show one failure whole: what happened, what to do, the original beside what it becomes, every attempt."""
    with session.reading(partners=True) as (hub, tx):
        found = failures.get(tx, failure_id, hub.clock.now())
        if found is None:
            raise Failure(f"there is no failure {failure_id}; see `crossdock failed list`")
        if data_only:
            click.echo(_retry_data(tx, failure_id), nl=False)
            return
        more = detail(
            tx, found, hub.inward(found.partner, found.document), lambda text: hub.links.redact(found.partner, text)
        )
        told: dict[str, Any] = {**found.as_json(), **more}
    if as_json:
        print_json(told)
        return
    _tell(told)


def _retry_data(tx: Connection, failure_id: str) -> bytes:
    try:
        return retry_data.retry_data(tx, failure_id)
    except (Refused, LookupError) as error:
        raise Failure(str(error)) from None


def _tell(told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        if isinstance(value, dict) and value:
            click.echo(f"{name.replace('_', ' ')}:\n{json.dumps(value, indent=2, default=str, ensure_ascii=False)}")
        elif value and not isinstance(value, list):
            click.echo(f"{name.replace('_', ' '):12} {value}")
    for table, columns in _TABLES.items():
        if told.get(table):
            click.echo()
            print_rows(told[table], columns, as_json=False, empty="")


@failed.command()
@click.argument("failure_id")
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The new data. [an editor]")
@click.option("--why", required=True, help="Kept with it, beside who you are.")
@json_option
@pass_session
def edit(session: Session, failure_id: str, file: Path | None, why: str, as_json: bool) -> None:
    """Change what is tried again: a record's original, or the record that a delivery is rendered from."""
    with session.hub() as hub:
        content = file.read_bytes() if file else _edited(hub, failure_id)
        with hub.store.write() as tx:
            sha256 = archive.keep(tx, content, hub.clock.now())
    result = session.request("failed.edit", {"id": failure_id, "sha256": sha256, "why": why})
    if as_json:
        print_json(result)
    else:
        click.echo(f"{failure_id}: {result['done']}")


def _edited(hub: Hub, failure_id: str) -> bytes:
    with hub.store.read() as tx:
        before = _retry_data(tx, failure_id)
    try:
        after = click.edit(before.decode("utf-8"), extension=".json" if failure_id.startswith("d") else ".txt")
    except UnicodeDecodeError:
        raise Failure("its data is no text; save it with `show --data`, change it, and say --file") from None
    if after is None:
        raise NothingToDo("nothing was changed")
    return after.encode()


@failed.command()
@click.argument("ids", nargs=-1)
@choosing
@click.option("--all", "every", is_flag=True, help="All.")
@click.option("--send-again", is_flag=True, help="A document that may have arrived has not: I asked them.")
@click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", default=60.0, show_default=True, help="How many seconds to wait for what comes of it.")
@json_option
@pass_session
def rerun(
    session: Session,
    ids: tuple[str, ...],
    choice: Choice,
    every: bool,
    send_again: bool,
    dry_run: bool,
    yes: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Try again: map originals again, send what is parked, run flows, route lines.

    Exits 1 when anything is refused or parks again.
    """
    chosen = _chosen(session, ids, choice, every=every)
    if dry_run:
        _rehearse(session, chosen, send_again=send_again, as_json=as_json)
        return
    if not yes and len(chosen) > 1:
        _ask(f"try {len(chosen)} again?")
    result = dict(session.request("failed.rerun", {"ids": chosen, "send_again": send_again}, 300.0))
    result["became"] = _watched(session, tuple(result["done"]), wait)
    _report(result, as_json=as_json)


@failed.command()
@click.argument("ids", nargs=-1, required=True)
@click.option("--why", required=True, help="Kept with it.")
@json_option
@pass_session
def close(session: Session, ids: tuple[str, ...], why: str, as_json: bool) -> None:
    """Say that no more is to be done."""
    _report(session.request("failed.close", {"ids": list(ids), "why": why}), as_json=as_json)


def _ask(question: str) -> None:
    """Ask on stderr, so that what a program reads stays JSON; where nobody can answer, say what to do."""
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise Failure("nobody said yes: say --yes, or look with --dry-run; nothing was changed") from None


def _chosen(session: Session, ids: tuple[str, ...], choice: Choice, *, every: bool) -> list[str]:
    if ids and (every or choice.names_something):
        raise click.UsageError("name failures by id, or choose with --partner, --cause ... or --all; not both")
    if ids:
        return list(dict.fromkeys(ids))
    if not (every or choice.names_something):
        raise click.UsageError("name failures by id, or choose with --partner, --cause, --since ... or --all")
    with session.reading() as (hub, tx):
        now = hub.clock.now()
        found = failures.ids_of(tx, now, choice.filters(now))
    if not found:
        raise NothingToDo("nothing like that needs a person")
    return found


def _rehearse(session: Session, chosen: list[str], *, send_again: bool, as_json: bool) -> None:
    """Say what a rerun would do; ends with 1, as the rerun would, when something of it would be refused."""
    with session.reading(partners=True) as (hub, tx):
        said = rehearse(tx, hub.links, chosen, hub.clock.now(), send_again=send_again)
    if not said:
        raise NothingToDo("nothing like that can be tried again; see `crossdock failed list`")
    refused = [each for each in dict.fromkeys(chosen) if each not in said]
    rows = [{"id": failure_id, "would": words} for failure_id, words in said.items()]
    rows += [{"id": failure_id, "would": _NOT_AGAIN} for failure_id in refused]
    print_rows(rows, ("id", "would"), as_json=as_json, empty="")
    if not as_json:
        click.echo(f"{len(said)} would be tried again; nothing was changed")
    if refused:
        raise SystemExit(FAILED)


def _watched(session: Session, ids: tuple[str, ...], seconds: float) -> dict[str, str]:
    """Wait until nothing of it is under way; without a daemon only what could be done at once has been."""

    def look(tx: Connection, now: datetime) -> Seen[dict[str, str]]:
        found = fates(tx, ids, now)
        left = sum(1 for each in found.values() if each is Fate.UNDER_WAY)
        became = {failure_id: fate.value for failure_id, fate in found.items()}
        return Seen(became, done=len(ids) - left, total=len(ids), over=not left)

    return session.watch("rerun", seconds, look)


def _report(result: Mapping[str, Any], *, as_json: bool) -> None:
    became = result.get("became", {})
    if as_json:
        print_json(result)
    else:
        for failure_id, words in result["done"].items():
            click.echo(f"{failure_id}: {words}" + (f"; {became[failure_id]}" if failure_id in became else ""))
        for failure_id, words in result["refused"].items():
            click.echo(f"{failure_id}: REFUSED: {words}", err=True)
        if became:
            counts = Counter(became.values())
            click.echo(", ".join(f"{count} {fate}" for fate, count in counts.most_common()))
    if result["refused"] or Fate.AGAIN.value in became.values():
        raise SystemExit(FAILED)
