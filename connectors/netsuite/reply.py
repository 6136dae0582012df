"""Reading replies: strictly well-formed first, then by local names, so that any endpoint version reads alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_KIND, _NIL = f"{_INSTANCE}type", f"{_INSTANCE}nil"
#: An lxml element, which has no types of its own.
Element = Any


class Unreadable(Exception):
    """The reply is not one whole SOAP envelope."""


@dataclass(frozen=True, slots=True)
class Status:
    """What NetSuite says of one record: done or not, and the first error's code and words."""

    ok: bool
    code: str = ""
    message: str = ""
    saved_all_the_same: bool = False  # a script failed after the record had been saved


@dataclass(frozen=True, slots=True)
class Fault:
    """A request that was refused as a whole."""

    code: str
    message: str


def envelope_body(content: bytes) -> Element:
    """Return the one element in the envelope's body; Unreadable when the bytes are anything else or less."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"it is no well-formed XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("it has a document type, which no SOAP message has")
    if local(root) != "Envelope":
        raise Unreadable(f"it is a {local(root)}, not a SOAP envelope")
    body = child(root, "Body")
    found = [] if body is None else [each for each in body if isinstance(each.tag, str)]
    if len(found) != 1:
        raise Unreadable(f"its body holds {len(found)} elements instead of one")
    return found[0]


def fault(body: Element) -> Fault | None:
    """Return the fault that a body is, None when it is an answer."""
    if local(body) != "Fault":
        return None
    said = text(body, "faultstring") or text(child(body, "Reason"), "Text")  # the second one as SOAP 1.2 says it
    details = [each for each in (child(body, "detail"), child(body, "Detail")) if each is not None]
    for each in (inner for detail in details for inner in detail if isinstance(inner.tag, str)):
        code = text(each, "code")
        if code or local(each).endswith("Fault"):
            return Fault(code or local(each), text(each, "message") or said)
    return Fault("", said)


def statuses(body: Element) -> list[Status]:
    """Return every status in an answer, in order."""
    return [status(each) for each in body.iter() if each.get("isSuccess") is not None]


def status(element: Element | None) -> Status:
    """Return one status; an absent one is no success."""
    if element is None:
        return Status(ok=False, message="NetSuite gave no status")
    details = list(children(element, "statusDetail"))
    errors = [each for each in details if each.get("type") != "WARN"] or details
    first = errors[0] if errors else None
    saved = any(text(each, "afterSubmitFailed") == "true" for each in details)
    said = "; ".join(text(each, "message") for each in errors if text(each, "message"))
    return Status(element.get("isSuccess") in {"true", "1"}, text(first, "code"), said, saved)


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of that name, or None."""
    return next(children(element, name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    """Yield the children of that name."""
    for each in () if element is None else element:
        if isinstance(each.tag, str) and local(each) == name:
            yield each


def text(element: Element | None, name: str) -> str:
    """Return the text of the first child of that name, empty when there is none."""
    found = child(element, name)
    return "" if found is None or found.text is None else str(found.text).strip()


def tree(element: Element) -> Mapping[str, Any]:
    """Return a record as plain values: attributes and children by name; what ends in `List` is always a list.

    What is nil is left out like what is not there at all.
    """
    values: dict[str, Any] = {
        local_name(name): value for name, value in element.attrib.items() if not name.startswith(_INSTANCE)
    }
    for each in element:
        if not isinstance(each.tag, str) or each.get(_NIL) in {"true", "1"}:
            continue
        name = local(each)
        if name.endswith("List"):
            values[name] = [tree(row) for row in each if isinstance(row.tag, str)]
        elif name in values:  # what comes again is several, such as the values of a multi-select
            before = values[name]
            values[name] = [*(before if isinstance(before, list) else [before]), _value(each)]
        else:
            values[name] = _value(each)
    return values


def kind(element: Element) -> str:
    """Return the type that an element says it is, without prefix."""
    return str(element.get(_KIND, "")).rpartition(":")[2]


def local_name(name: object) -> str:
    """Return an attribute's name without its namespace."""
    return str(name).rpartition("}")[2]


def _value(element: Element) -> object:
    plain = len(element) == 0 and all(name.startswith(_INSTANCE) for name in element.attrib)
    return (element.text or "").strip() if plain else tree(element)
