"""The gateway over SuiteTalk SOAP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from connectors.netsuite.codes import MEANINGS, Meaning, TooMany
from connectors.netsuite.compose import Node
from connectors.netsuite.gateway import Choice, Custom, Entry, Found, Governance, Record, Slice, Wanted, Written
from connectors.netsuite.reply import Element, child, children, local, status, text
from connectors.netsuite.soap_reader import as_bytes, found_of, record_of
from connectors.netsuite.wire import SoapWire
from hub.contract import OutcomeUnknown, TemporaryFailure
from hub.log import EventLog

_LOG = EventLog(__name__)
#: What `getList` and `upsertList` take at most in one call.
GET_MOST, WRITE_MOST = 1000, 100
#: Read-only fields of a record that we read and send back are left alone; scripts of the account run as for a person.
_WRITING = {"preferences": {"warningAsError": False, "ignoreReadOnlyFields": True}}
#: Which kind of custom field holds a value.
_KINDS = {bool: "Boolean", int: "Long", Decimal: "Double", str: "String", datetime: "Date"}
#: Types that have a search of their own; the others are transactions.
_SEARCHES = {name: f"{name}SearchBasic" for name in ("Item", "Location", "Vendor", "Customer")}


class SoapGateway:
    """One account over SOAP."""

    def __init__(self, wire: SoapWire) -> None:
        self.wire = wire

    def get(self, type_: str, ids: Sequence[str], *, external: bool = False) -> tuple[Found | None, ...]:
        """Return records by internal or external id, None for each that is not there."""
        found: list[Found | None] = []
        for at in range(0, len(ids), GET_MOST):
            part = ids[at : at + GET_MOST]
            key = "externalId" if external else "internalId"
            refs = [Node("RecordRef", {"type": _ref_type(type_), key: each}) for each in part]
            answer = self.wire.read("getList", {"baseRef": refs})
            listed = child(answer, "readResponseList")
            responses = list(children(listed, "readResponse"))
            if not responses and child(listed, "status") is not None:
                self._expect_success(listed, "getList")
            if len(responses) != len(part):
                raise _uncounted("getList", len(responses), len(part))
            found += [self._read(each, type_) for each in responses]
        return tuple(found)

    def upsert(self, entries: Sequence[Entry]) -> Written:
        """Make or update records by external id."""
        written: list[str | Exception] = []
        for at in range(0, len(entries), WRITE_MOST):
            written += self._upsert(entries[at : at + WRITE_MOST])
        return tuple(written)  # type: ignore[arg-type] # every error of `error_for` is a ConnectorError

    def _upsert(self, entries: Sequence[Entry]) -> Iterable[str | Exception]:
        records = [_node(each) for each in entries]
        answer = self.wire.write("upsertList", {"record": records}, _WRITING)
        listed = child(answer, "writeResponseList")
        responses = list(children(listed, "writeResponse"))
        whole = status(child(listed, "status"))
        if not (responses or whole.ok) and whole.code:
            raise self.wire.refusal(whole.code, whole.message, "NetSuite upsertList", writes=True)
        if len(responses) != len(entries):
            said = f"NetSuite upsertList: {len(entries)} records were sent and {len(responses)} answered"
            todo = "nothing: the hub asks which of them are there before it sends again"
            raise OutcomeUnknown(said, todo=todo, code="answers missing")
        return [self._written(response, entry) for response, entry in zip(responses, entries, strict=True)]

    def search(self, wanted: Wanted) -> Slice:
        """Return one page of records."""
        criteria, basic = _criteria(wanted)
        # by default a search leaves out the lines of orders
        preferences = {"bodyFieldsOnly": wanted.type in {"Item", "Vendor"}, "pageSize": wanted.size}
        answer = self.wire.read("search", {"searchRecord": Node(basic, criteria)}, {"searchPreferences": preferences})
        result = child(answer, "searchResult")
        self._expect_success(result, "search")
        rows = child(result, "recordList")
        records = tuple(found_of(each) for each in children(rows, "record"))
        return Slice(records, max(_whole(text(result, "totalRecords")), len(records)))

    def initialize(self, type_: str, source: str, id_: str) -> Record:
        """Return a new record as NetSuite would make it from another one."""
        asked = {"type": _ref_type(type_), "reference": {"type": _ref_type(source), "internalId": id_}}
        answer = self.wire.read("initialize", {"initializeRecord": asked})
        response = child(answer, "readResponse")
        self._expect_success(response, "initialize")
        found = child(response, "record")
        if found is None:
            raise TemporaryFailure(f"NetSuite initialize made no {type_} of {source} {id_}", code="no record")
        return record_of(found)

    def availability(self, items: Sequence[str], since: datetime | None = None) -> tuple[bytes, ...]:
        """Return the stock of items at every location; a call that is too large is made in halves."""
        asked: dict[str, object] = {"item": {"recordRef": [{"internalId": each} for each in items]}}
        if since is not None:
            asked["lastQtyAvailableChange"] = since
        try:
            answer = self.wire.read("getItemAvailability", {"itemAvailabilityFilter": asked})
            self._expect_success(child(answer, "getItemAvailabilityResult"), "getItemAvailability")
        except TooMany:
            if len(items) < 2:
                raise
            half = len(items) // 2
            return self.availability(items[:half], since) + self.availability(items[half:], since)
        listed = child(child(answer, "getItemAvailabilityResult"), "itemAvailabilityList")
        return () if listed is None else (as_bytes(answer),)

    def governance(self) -> Governance:
        """Return how many calls may be under way."""
        account = self.wire.read("getAccountGovernanceInfo", {})
        integration = self.wire.read("getIntegrationGovernanceInfo", {})
        return Governance(
            _number(account, "accountConcurrencyLimit"), _number(integration, "integrationConcurrencyLimit")
        )

    def domain(self) -> str:
        """Return the address that NetSuite itself names for this account's calls."""
        return self.wire.moved_to or self.wire.domain()

    def now(self) -> datetime:
        """Return NetSuite's own time."""
        answer = self.wire.read("getServerTime", {})
        result = child(answer, "getServerTimeResult")
        self._expect_success(result, "getServerTime")
        return datetime.fromisoformat(text(result, "serverTime")).astimezone(UTC)

    def unknown_codes(self) -> Mapping[str, int]:
        """Return how often each unknown code has come so far."""
        return self.wire.unknown_codes()

    def close(self) -> None:
        """Let go of every socket."""
        self.wire.close()

    def _read(self, response: Element, type_: str) -> Found | None:
        state = status(child(response, "status"))
        found = child(response, "record")
        if state.ok and found is not None:
            return found_of(found)
        if MEANINGS.get(state.code) is Meaning.ABSENT:
            return None
        raise self.wire.refusal(state.code, state.message, f"NetSuite getList of {type_}", writes=False)

    def _written(self, response: Element, entry: Entry) -> str | Exception:
        state, ref = status(child(response, "status")), child(response, "baseRef")
        if state.saved_all_the_same:
            _LOG.warning("netsuite_script_failed_after_save", record=entry.external_id, said=state.message)
        if state.ok or state.saved_all_the_same:
            return "" if ref is None else str(ref.get("internalId", ""))
        what = f"NetSuite upsert of {entry.type} {entry.external_id}"
        return self.wire.refusal(state.code, state.message, what, writes=True)

    def _expect_success(self, result: Element | None, operation: str) -> None:
        state = status(child(result, "status"))
        if not state.ok:
            raise self.wire.refusal(state.code, state.message, f"NetSuite {operation}", writes=False)


def _node(entry: Entry) -> Node:
    fields: dict[str, object] = {"externalId": entry.external_id, **entry.fields}
    if entry.custom:
        fields["customFieldList"] = {"customField": [_custom(name, value) for name, value in entry.custom.items()]}
    return Node(entry.type, fields)


def _custom(name: str, value: Custom) -> Node:
    """Return a custom field by its script id, of the kind that its value is."""
    if isinstance(value, Choice):
        return Node("SelectCustomFieldRef", {"scriptId": name, "value": {"internalId": value.id}})
    if isinstance(value, tuple):
        chosen = [{"internalId": each.id} for each in value]
        return Node("MultiSelectCustomFieldRef", {"scriptId": name, "value": chosen})
    return Node(f"{_KINDS[type(value)]}CustomFieldRef", {"scriptId": name, "value": value})


def _criteria(wanted: Wanted) -> tuple[Mapping[str, object], str]:
    """Return the criteria of a search and their type."""
    fields: dict[str, object] = {}
    basic = _SEARCHES.get(wanted.type, "TransactionSearchBasic")
    if wanted.type not in _SEARCHES:
        fields["type"] = {"operator": "anyOf", "searchValue": [f"_{_ref_type(wanted.type)}"]}
    if wanted.subsidiary:
        fields["subsidiary"] = {"operator": "anyOf", "searchValue": [{"internalId": wanted.subsidiary}]}
    if wanted.since is not None:
        fields["lastModifiedDate"] = {"operator": "onOrAfter", "searchValue": wanted.since}
    if wanted.up_to is not None:
        between = {"operator": "between", "searchValue": wanted.beyond + 1, "searchValue2": wanted.up_to}
        fields["internalIdNumber"] = between
    elif wanted.beyond:
        fields["internalIdNumber"] = {"operator": "greaterThan", "searchValue": wanted.beyond}
    named = {"itemId": wanted.names[0] if wanted.names else "", "email": wanted.email, "entityId": wanted.code}
    fields |= {name: {"operator": "is", "searchValue": value} for name, value in named.items() if value}
    return fields, basic


def _uncounted(operation: str, answered: int, asked: int) -> TemporaryFailure:
    said = f"NetSuite {operation}: {asked} records were asked for and {answered} answered"
    return TemporaryFailure(said, todo="nothing, when it passes", code="answers missing")


def _number(answer: Element, name: str) -> int | None:
    found = next((each for each in answer.iter() if isinstance(each.tag, str) and local(each) == name), None)
    return None if found is None or not (found.text or "").strip().isdigit() else int(found.text)


def _whole(value: str) -> int:
    return int(value) if value.isdigit() else 0


def _ref_type(type_: str) -> str:
    """Return a record type as references name it: `SalesOrder` is `salesOrder`."""
    return type_[0].lower() + type_[1:]
