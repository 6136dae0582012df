"""The gateway over SuiteTalk SOAP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from connectors.netsuite.codes import MEANINGS, Meaning, TooMany, error_for
from connectors.netsuite.compose import Node
from connectors.netsuite.gateway import Entry, Found, Governance, Record, Slice, Wanted, Written
from connectors.netsuite.reply import Element, child, children, kind, local, status, text, tree
from connectors.netsuite.wire import SoapWire
from hub.contract import OutcomeUnknown, TemporaryFailure
from hub.log import EventLog

_LOG = EventLog(__name__)
#: What `getList` and `upsertList` take at most in one call.
GET_MOST, WRITE_MOST = 1000, 100
#: Read-only fields of a record that we read and send back are left alone; scripts of the account run as for a person.
_WRITING = {"preferences": {"warningAsError": False, "ignoreReadOnlyFields": True}}
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
            responses = list(children(child(answer, "readResponseList"), "readResponse"))
            if len(responses) != len(part):
                raise _uncounted("getList", len(responses), len(part))
            found += [_read(each, type_) for each in responses]
        return tuple(found)

    def upsert(self, entries: Sequence[Entry]) -> Written:
        """Make or update records by external id."""
        written: list[str | Exception] = []
        for at in range(0, len(entries), WRITE_MOST):
            written += self._upsert(entries[at : at + WRITE_MOST])
        return tuple(written)  # type: ignore[arg-type] # every error of `error_for` is a ConnectorError

    def _upsert(self, entries: Sequence[Entry]) -> Iterable[str | Exception]:
        records = [Node(each.type, {"externalId": each.external_id, **each.fields}) for each in entries]
        answer = self.wire.write("upsertList", {"record": records}, _WRITING)
        responses = list(children(child(answer, "writeResponseList"), "writeResponse"))
        if len(responses) != len(entries):
            said = f"NetSuite upsertList: {len(entries)} records were sent and {len(responses)} answered"
            todo = "nothing: the hub asks which of them are there before it sends again"
            raise OutcomeUnknown(said, todo=todo, code="answers missing")
        return [_written(response, entry) for response, entry in zip(responses, entries, strict=True)]

    def search(self, wanted: Wanted) -> Slice:
        """Return one page of records."""
        criteria, basic = _criteria(wanted)
        # by default a search leaves out the lines of orders
        preferences = {"bodyFieldsOnly": wanted.type in {"Item", "Vendor"}, "pageSize": wanted.size}
        answer = self.wire.read("search", {"searchRecord": Node(basic, criteria)}, {"searchPreferences": preferences})
        result = child(answer, "searchResult")
        _expect_success(result, "search")
        rows = child(result, "recordList")
        records = tuple(_found(each) for each in children(rows, "record"))
        return Slice(records, max(_whole(text(result, "totalRecords")), len(records)))

    def initialize(self, type_: str, source: str, id_: str) -> Record:
        """Return a new record as NetSuite would make it from another one."""
        asked = {"type": _ref_type(type_), "reference": {"type": _ref_type(source), "internalId": id_}}
        answer = self.wire.read("initialize", {"initializeRecord": asked})
        response = child(answer, "readResponse")
        _expect_success(response, "initialize")
        found = child(response, "record")
        if found is None:
            raise TemporaryFailure(f"NetSuite initialize made no {type_} of {source} {id_}", code="no record")
        return _record(found)

    def availability(self, items: Sequence[str], since: datetime | None = None) -> tuple[bytes, ...]:
        """Return the stock of items at every location; a call that is too large is made in halves."""
        asked: dict[str, object] = {"item": {"recordRef": [{"internalId": each} for each in items]}}
        if since is not None:
            asked["lastQtyAvailableChange"] = since
        try:
            answer = self.wire.read("getItemAvailability", {"itemAvailabilityFilter": asked})
            _expect_success(child(answer, "getItemAvailabilityResult"), "getItemAvailability")
        except TooMany:
            if len(items) < 2:
                raise
            half = len(items) // 2
            return self.availability(items[:half], since) + self.availability(items[half:], since)
        listed = child(child(answer, "getItemAvailabilityResult"), "itemAvailabilityList")
        return () if listed is None else (_bytes(answer),)

    def governance(self) -> Governance:
        """Return how many calls may be under way."""
        account = self.wire.read("getAccountGovernanceInfo", {})
        integration = self.wire.read("getIntegrationGovernanceInfo", {})
        return Governance(
            _number(account, "accountConcurrencyLimit"), _number(integration, "integrationConcurrencyLimit")
        )

    def domain(self) -> str:
        """Return the address that NetSuite itself names for this account's calls."""
        return self.wire.domain()

    def now(self) -> datetime:
        """Return NetSuite's own time."""
        answer = self.wire.read("getServerTime", {})
        result = child(answer, "getServerTimeResult")
        _expect_success(result, "getServerTime")
        return datetime.fromisoformat(text(result, "serverTime")).astimezone(UTC)

    def close(self) -> None:
        """Let go of every socket."""
        self.wire.close()


def record(content: bytes) -> Record:
    """Return the record that these bytes of `Found` are; ValueError when they are none."""
    return _record(_element(content))


def joined(*contents: bytes, carried: str = "") -> bytes:
    """Return several records as one document, with what we know of the documents of ours that they carry."""
    known = f"<carried>{escape(carried)}</carried>".encode() if carried else b""
    return b"<records>" + b"".join(contents) + known + b"</records>"


def records(content: bytes) -> tuple[tuple[Record, ...], str]:
    """Return what `joined` put together; ValueError when these bytes are something else."""
    root = _element(content)
    rows = [each for each in root if each.tag != "carried"]
    return tuple(_record(each) for each in rows), root.findtext("carried", "")


class Level(NamedTuple):
    """One row of stock as NetSuite tells it: all text, empty where it says nothing."""

    item: str
    name: str
    location: str
    on_hand: str
    available: str
    holds: str = ""  # how many of our units one of these is; one where nothing stands


def with_names(content: bytes, names: Mapping[str, str], units: Mapping[str, str] | None = None) -> bytes:
    """Return what `availability` returned with names and contents of units of items by internal id, for `levels`."""
    rows = "".join(f"<item id={quoteattr(id_)} name={quoteattr(name)}/>" for id_, name in names.items())
    rows += "".join(f"<unit id={quoteattr(id_)} holds={quoteattr(held)}/>" for id_, held in (units or {}).items())
    return f"<stock><items>{rows}</items>".encode() + content + b"</stock>"


def levels(content: bytes) -> Iterator[Level]:
    """Yield the rows of what `availability` returned; ValueError when these bytes are something else.

    Bulk: a quarter of a million rows are usual, so tags are compared whole and nothing is built that nobody reads.
    """
    root = _element(content)
    names: Mapping[str, str] = {}
    units: Mapping[str, str] = {}
    if local(root) == "stock":
        names = {each.get("id"): each.get("name") for each in root[0] if each.tag == "item"}
        units = {each.get("id"): each.get("holds") for each in root[0] if each.tag == "unit"}
        root = root[1]
    found = child(child(root, "getItemAvailabilityResult"), "itemAvailabilityList")
    for row in () if found is None else found:
        at = row.tag.rpartition("}")[0] + "}"
        item, location = row.find(f"{at}item"), row.find(f"{at}locationId")
        id_ = "" if item is None else item.get("internalId", "")
        name = "" if item is None else names.get(id_) or item.findtext(f"{at}name", "")
        place = "" if location is None else location.get("internalId", "")
        held, free = row.findtext(f"{at}quantityOnHand", ""), row.findtext(f"{at}quantityAvailable", "")
        yield Level(id_, name, place, held, free, units.get(id_, "") if units else "")


def _element(content: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no well-formed XML: {error}") from None


def _bytes(element: Element) -> bytes:
    etree.cleanup_namespaces(element)
    return bytes(etree.tostring(element, with_tail=False))


def _found(element: Element) -> Found:
    modified = text(element, "lastModifiedDate")
    ids = (element.get("internalId", ""), element.get("externalId", ""))
    return Found(kind(element), *ids, modified, _bytes(element))


def _record(element: Element) -> Record:
    return Record(kind(element), element.get("internalId", ""), element.get("externalId", ""), tree(element))


def _read(response: Element, type_: str) -> Found | None:
    state = status(child(response, "status"))
    found = child(response, "record")
    if state.ok and found is not None:
        return _found(found)
    if MEANINGS.get(state.code) is Meaning.ABSENT:
        return None
    raise error_for(state.code, state.message, f"NetSuite getList of {type_}", writes=False)


def _written(response: Element, entry: Entry) -> str | Exception:
    state, ref = status(child(response, "status")), child(response, "baseRef")
    if state.saved_all_the_same:
        _LOG.warning("netsuite_script_failed_after_save", record=entry.external_id, said=state.message)
    if state.ok or state.saved_all_the_same:
        return "" if ref is None else str(ref.get("internalId", ""))
    return error_for(state.code, state.message, f"NetSuite upsert of {entry.type} {entry.external_id}", writes=True)


def _expect_success(result: Element | None, operation: str) -> None:
    state = status(child(result, "status"))
    if not state.ok:
        raise error_for(state.code, state.message, f"NetSuite {operation}", writes=False)


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
