"""Reading every variant of a shop by a bulk query: started once, waited for, and gone on with after a crash.

What is under way is remembered: before the call that starts it, so that a start whose reply was lost is found again by
its text and its time; then its id. The answer lies at an address of another host, where the token has no business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.shopify.client import ShopClient
from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import mappings
from connectors.shopify.queries import BULK, BULKS, RUN_BULK, VARIANTS
from hub.contract import AccessDenied, Context, OutcomeUnknown, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.wire.http import Effect

_LOG = EventLog(__name__)
_KEY = "bulk_query"
#: So often one send looks after a bulk query, seconds apart: for some 90 s. Then it comes again later, and goes on.
_LOOKS, _FIRST_PAUSE, _LONGEST_PAUSE = 14, 0.3, 10.0
#: An answer is kept by the shop for days; one that is older than this tells too little.
_STALE = timedelta(hours=12)
#: A query goes back a little further than the last one, for what changed while that one ran.
_OVERLAP = timedelta(minutes=10)
#: The shop's clock and ours may differ by so much.
_SKEW = timedelta(minutes=2)
_BUSY = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
_RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})


@dataclass(frozen=True, slots=True)
class Run:
    """A bulk query under way: its text, when it was begun, and the shop's id once that is known."""

    query: str
    began: datetime
    id: str = ""

    def write(self) -> str:
        """Return it as text."""
        return json.dumps({"query": self.query, "began": self.began.isoformat(), "id": self.id})

    @classmethod
    def read(cls, text: str | None) -> Run | None:
        """Return what `write` wrote, None for nothing."""
        tree = json.loads(text) if text else None
        return cls(tree["query"], datetime.fromisoformat(tree["began"]), tree["id"]) if tree else None


class BulkVariants:
    """The variants of one shop, all or those changed since a moment."""

    def __init__(self, client: ShopClient, graphql: GraphQL, context: Context) -> None:
        self._client, self._graphql, self._context = client, graphql, context

    def read(self, after: datetime | None) -> tuple[list[Tree], datetime]:
        """Return the variants that changed after a moment (None: all), and the moment as of which they are all there.

        `done` must follow once they are kept. A query that is under way already is waited for, whatever it was asked.
        Raises TemporaryFailure while it runs on.
        """
        run, now = Run.read(self._context.recall(_KEY)), self._context.clock.now()
        if run is not None and (now - run.began > _STALE or (after is not None and run.began <= after)):
            run = None  # too old, or kept already when something died before `done`
        if run is None:
            run = Run(_query(after), now)
            self._context.remember(_KEY, run.write())
            run = self._started(run)
        elif not run.id:
            run = self._again(run)
        return list(self._answer(run)), run.began

    def done(self) -> None:
        """Forget the query: what it brought is kept."""
        self._context.remember(_KEY, "")

    def _started(self, run: Run) -> Run:
        try:
            data = self._graphql.ask(RUN_BULK, {"query": run.query}, Effect.ONCE)
        except OutcomeUnknown as lost:  # whether it began is looked up by the next try
            raise TemporaryFailure(lost.what, todo="nothing, when it passes", code=lost.code) from None
        payload = _mapping(data.get("bulkOperationRunQuery"))
        made = str(_mapping(payload.get("bulkOperation")).get("id") or "")
        if made:
            return self._known(replace(run, id=made))
        errors = mappings(payload.get("userErrors"))
        words = "; ".join(str(error.get("message")) for error in errors) or "no bulk query was started"
        if any(error.get("code") in _BUSY for error in errors):
            if (other := self._found(run)) is not None:  # another thread of ours was faster
                return self._known(other)
            raise TemporaryFailure(words, todo="nothing, when it passes", code="bulk query busy")
        self.done()
        raise Rejected(f"the variants cannot be read: {words}", todo="correct what it names", code="bulk query")

    def _again(self, run: Run) -> Run:
        """Find the query whose start was not answered; begin it when it is not there."""
        known = self._found(run)
        return self._known(known) if known is not None else self._started(run)

    def _found(self, run: Run) -> Run | None:
        """Return the query with the shop's id, when the shop has one of this text that began since."""
        try:
            data = self._graphql.ask(BULKS, {}, Effect.READ)
        except Rejected as refusal:  # an API version that does not list them: one that runs is waited for
            _LOG.info("shopify_bulk_not_listed", said=refusal.what)
            return None
        for node in mappings(_mapping(data.get("bulkOperations")).get("nodes")):
            made = _moment(node.get("createdAt"))
            if node.get("query") == run.query and made is not None and made >= run.began - _SKEW:
                return replace(run, id=str(node.get("id")))
        return None

    def _known(self, run: Run) -> Run:
        self._context.remember(_KEY, run.write())
        return run

    def _answer(self, run: Run) -> Iterator[Tree]:
        address = self._awaited(run)
        for line in self._content(address).splitlines():
            if not line.strip():
                continue
            try:
                tree = json.loads(line)
            except ValueError as error:
                self.done()
                todo = "nothing, when it passes"
                raise TemporaryFailure(f"a variant cannot be read: {error}", todo=todo, code="bulk answer") from None
            if isinstance(tree, dict):
                yield tree

    def _content(self, address: str) -> bytes:
        """Return what lies at an address of another host, which knows no token: one that refuses has let it expire."""
        try:
            return self._client.file(address).body if address else b""
        except (AccessDenied, Rejected) as gone:
            if gone.code == "foreign link":
                raise
            self.done()
            what = f"the answer of the shop's bulk query is there no more: {gone.what}"
            raise TemporaryFailure(what, todo="nothing: it is begun again", code="bulk answer gone") from None

    def _awaited(self, run: Run) -> str:
        """Wait for the answer and return its address, empty when there is nothing in it."""
        pause = _FIRST_PAUSE
        for _ in range(_LOOKS):
            node = _mapping(self._graphql.ask(BULK, {"id": run.id}, Effect.READ).get("node"))
            status = str(node.get("status") or "gone")
            if status == "COMPLETED":
                return str(node.get("url") or "")
            if status not in _RUNNING:
                self.done()
                said = f"the shop's bulk query ended as {status} ({node.get('errorCode')})"
                if node.get("errorCode") == "ACCESS_DENIED":
                    todo = "grant the app the scope read_products, then install it again"
                    raise AccessDenied(said, todo=todo, code="bulk query denied")
                raise TemporaryFailure(said, todo="nothing: it is begun again", code=f"bulk query {status.lower()}")
            self._context.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        said = "the shop is still reading its variants for us"
        raise TemporaryFailure(said, todo="nothing, when it passes", code="bulk query running")


def _query(after: datetime | None) -> str:
    since = (after - _OVERLAP).astimezone(UTC) if after else None
    asked = f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'" if since else ""
    return VARIANTS.format(filter=f"(query: {json.dumps(asked)})" if asked else "")


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _mapping(value: object) -> Tree:
    return value if isinstance(value, dict) else {}
