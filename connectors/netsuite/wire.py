"""One SOAP call, safely: signed anew for every try, checked as HTTP and as XML before anything in it is believed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from connectors.netsuite.auth import Credentials
from connectors.netsuite.codes import MEANINGS, Meaning, error_for
from connectors.netsuite.compose import envelope
from connectors.netsuite.gate import Gate
from connectors.netsuite.reply import Element, Unreadable, child, envelope_body, fault, local, text
from connectors.netsuite.schema import Schema
from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.tally import Tally
from hub.contract import AccessDenied, ConnectorError, Context, OutcomeUnknown, RateLimited, TemporaryFailure
from hub.log import EventLog
from hub.wire.http import Call, Effect, HttpSession, Limits, Reply
from hub.wire.http_verdict import verdict

_LOG = EventLog(__name__)
_XML = ("text/xml", "application/xml", "application/soap+xml")
#: Every status is looked at here: NetSuite answers a fault with 500, and a maintenance page with 200.
_ALL = frozenset(range(300, 600))
#: Calls that need no passport, because they are asked before anybody can sign.
_UNSIGNED = frozenset({"getDataCenterUrls"})
#: What a host answers that does not serve this account (any more).
_ELSEWHERE = ("netsuite WRONG_DC_OR_VERSION", "http 30")
#: A read is tried this often within one verb.
_TRIES = 3
#: Clocks that differ by more than this are worth a word; NetSuite refuses a passport some minutes off.
TOLERATED_SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the connections of one process to one account have together."""

    gate: Gate
    schema: Callable[[], Schema]
    counting: threading.Lock


class SoapWire:
    """The SOAP endpoint of one account, as one connection uses it."""

    def __init__(self, settings: NetSuiteSettings, context: Context, shared: Shared) -> None:
        self._settings, self._context, self._gate = settings, context, shared.gate
        self._schema, self._tally = shared.schema, Tally(context, shared.counting)
        secrets = {
            "consumer_key": settings.consumer_key.get_secret_value(),
            "consumer_secret": settings.consumer_secret.get_secret_value(),
            "token_id": settings.token_id.get_secret_value(),
            "token_secret": settings.token_secret.get_secret_value(),
        }
        self._credentials = Credentials(settings.account, *secrets.values())
        self._writing = self._asked_where = False
        self._base = settings.base  # where calls go: as the settings say, or where NetSuite says that the account is
        self.skew = timedelta(0)  # how far NetSuite's clock is ahead of ours, as its last reply said
        self._ahead = timedelta(0)  # what is added to our clock when signing, after a refused login
        self._session = HttpSession(
            clock=context.clock,
            checkpoint=self._checkpoint,
            headers={"User-Agent": "crossdock", "Accept": "text/xml"},
            secrets=secrets,
            limits=Limits(
                connect_seconds=settings.connect_timeout,
                read_seconds=settings.read_timeout,
                max_bytes=settings.max_reply_mb * 1024 * 1024,
            ),
            seen=self._see,
        )

    @property
    def schema(self) -> Schema:
        """The account's own schema, read when it is first needed."""
        return self._schema()

    def read(
        self, operation: str, body: Mapping[str, object], headers: Mapping[str, Mapping[str, object]] | None = None
    ) -> Element:
        """Make a call that changes nothing, a few times when it has to be; returns the answer's element."""
        tries = Retrying(
            retry=retry_if_exception_type(TemporaryFailure),
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.5, max=5),
            sleep=self._context.clock.sleep,
            reraise=True,
        )
        return tries(self._signed_in, operation, body, headers or {}, writes=False)

    def write(
        self, operation: str, body: Mapping[str, object], headers: Mapping[str, Mapping[str, object]] | None = None
    ) -> Element:
        """Make a call that changes something, once; OutcomeUnknown when nobody can say whether it did."""
        self._writing = True
        try:
            return self._signed_in(operation, body, headers or {}, writes=True)
        finally:
            self._writing = False

    @property
    def moved_to(self) -> str:
        """Where calls go since the account's own host sent us away; empty when it did not."""
        return "" if self._base == self._settings.base else self._base

    def domain(self) -> str:
        """Return the address that NetSuite names for this account, empty when it names none that we may believe."""
        answer = self._once("getDataCenterUrls", {"account": self._settings.account}, {}, writes=False)
        urls = child(child(answer, "getDataCenterUrlsResult"), "dataCenterUrls")
        return trusted(text(urls, "webservicesDomain"), self._settings.base)

    def refusal(self, code: str, message: str, what: str, *, writes: bool) -> ConnectorError:
        """Return the error that a code within an answer means, and see to what it means for the whole account."""
        error = self._error(code, message, what, writes=writes)
        if isinstance(error, RateLimited):
            self._slow_down(error)
        return error

    def _error(self, code: str, message: str, what: str, *, writes: bool) -> ConnectorError:
        """Return the error that a code means; one that nobody knows is counted."""
        self._tally.see(code)
        return error_for(code, message, what, writes=writes)

    def _slow_down(self, throttled: RateLimited) -> None:
        self._gate.throttled()
        self._context.limiter.pause(throttled.after)

    def unknown_codes(self) -> Mapping[str, int]:
        """Return how often each unknown code has come so far."""
        return self._tally.counts()

    def close(self) -> None:
        """Let go of every socket."""
        self._session.close()

    def _signed_in(
        self, operation: str, body: Mapping[str, object], headers: Mapping[str, Mapping[str, object]], *, writes: bool
    ) -> Element:
        """Make the call; a refused login is tried once more, with NetSuite's own time.

        Once only: repeated failures lock the account. Overload has been seen to answer as a refused login too.
        """
        try:
            return self._once(operation, body, headers, writes=writes)
        except (AccessDenied, TemporaryFailure) as refusal:
            if self._moved(refusal):
                return self._once(operation, body, headers, writes=writes)
            if (
                not isinstance(refusal, AccessDenied)
                or MEANINGS.get(refusal.code.removeprefix("netsuite ")) is not Meaning.LOGIN
            ):
                raise
            self._ahead = self.skew
            _LOG.info("netsuite_login_again", skew=self.skew.total_seconds())
        try:
            return self._once(operation, body, headers, writes=writes)
        except AccessDenied as refusal:
            if abs(self.skew) > TOLERATED_SKEW:
                refusal.todo = f"our clock is {self.skew.total_seconds():.0f} s behind NetSuite's; {refusal.todo}"
            raise

    def _moved(self, refusal: ConnectorError) -> bool:
        """Ask once where the account lives when its host sends us away; true when it is elsewhere, and we go there."""
        if self._asked_where or not refusal.code.startswith(_ELSEWHERE):
            return False
        self._asked_where = True
        try:
            found = self.domain()
        except ConnectorError:  # it is down rather than moved: what it said first counts
            return False
        if not found or found == self._base:
            return False
        _LOG.warning("netsuite_moved", to=found, was=self._base)
        self._base = found
        return True

    def _once(
        self, operation: str, body: Mapping[str, object], headers: Mapping[str, Mapping[str, object]], *, writes: bool
    ) -> Element:
        try:
            with self._gate.passed():
                found = self._answer(self._exchange(operation, body, headers), operation, writes=writes)
        except RateLimited as throttled:
            self._slow_down(throttled)
            raise
        except OutcomeUnknown as lost:
            if writes:
                raise
            todo = "nothing, when it passes; otherwise look at NetSuite's status page"
            raise TemporaryFailure(lost.what, todo=todo, extract=lost.extract, code=lost.code) from None
        self._gate.went_through()
        return found

    def _exchange(
        self, operation: str, body: Mapping[str, object], headers: Mapping[str, Mapping[str, object]]
    ) -> Reply:
        passport = None
        self._context.limiter.acquire()
        if operation not in _UNSIGNED:  # signed last: the wait for our turn must not age the signature
            passport = self._credentials.passport(self._context.clock.now(), self._ahead)
        content = envelope(self.schema, operation, body, passport, headers)
        form = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        # ONCE for reads too: the session must not repeat a signature
        return self._session.call(
            Call("POST", self._settings.service_at(self._base), Effect.ONCE, content=content, headers=form, also=_ALL)
        )

    def _answer(self, reply: Reply, operation: str, *, writes: bool) -> Element:
        """Return the element that answers; raises what a fault, a status, another's answer or a page of HTML means."""
        what = f"NetSuite {operation}"
        try:
            body = _body(reply)
        except Unreadable as unreadable:
            raise _no_envelope(reply, what, str(unreadable), writes=writes) from None
        if (refused := fault(body)) is not None:
            raise self._error(refused.code, refused.message, what, writes=writes)
        if reply.status >= 300:
            raise _no_envelope(reply, what, "it has no fault", writes=writes)
        if local(body) != f"{operation}Response":
            raise _no_envelope(reply, what, f"it is a {local(body)}", writes=writes)
        return body

    def _see(self, reply: Reply) -> None:
        now = reply.date()
        if now is not None:
            self.skew = now - self._context.clock.now()

    def _checkpoint(self, name: str) -> None:
        if self._writing:  # only there does the instant of a crash matter
            self._context.checkpoint(name)


def trusted(domain: str, ours: str) -> str:
    """Return a domain that calls may go to, empty for any other: NetSuite's own, or for a test this machine's."""
    parts, known = urlsplit(domain), urlsplit(ours)
    host = parts.hostname or ""
    official = parts.scheme == "https" and host.endswith(".netsuite.com")
    local = known.scheme == "http" and parts.scheme == "http" and host == known.hostname
    return f"{parts.scheme}://{parts.netloc}" if official or local else ""


def _body(reply: Reply) -> Element:
    told = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told not in _XML:
        raise Unreadable(f"it is {told or 'of no type'}, not XML")
    return envelope_body(reply.body)


def _no_envelope(reply: Reply, what: str, why: str, *, writes: bool) -> ConnectorError:
    """Return what a reply means that NetSuite's own service did not write: a proxy's, or a maintenance page."""
    if 300 <= reply.status < 400:
        where = reply.headers.get("location", "elsewhere")
        todo = "nothing, when it is maintenance; otherwise set url to the account's own SOAP address"
        return TemporaryFailure(f"{what}: {reply.status} points to {where}", todo=todo, code=f"http {reply.status}")
    error = verdict(reply, Effect.ONCE if writes else Effect.READ, what)
    if error is not None:
        return error
    said = f"{what}: the reply cannot be read: {why}"
    if writes:
        todo = "nothing: the hub asks whether it was done before it sends again"
        return OutcomeUnknown(said, todo=todo, extract=reply.text(), code="reply unreadable")
    todo = "nothing, when it passes; otherwise look at what stands between us and NetSuite"
    return TemporaryFailure(said, todo=todo, extract=reply.text(), code="reply unreadable")
