"""What NetSuite's SOAP service gave, as plain values: pure, and at any time later."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from connectors.netsuite.gateway import Found, Level, Record
from connectors.netsuite.reply import Element, child, kind, text, tree


class SoapReader:
    """The stored bytes of the SOAP gateway."""

    def record(self, content: bytes) -> Record:
        """Return the record that these bytes of `Found` are; ValueError when they are none."""
        return record_of(_element(content))

    def levels(self, content: bytes) -> Iterator[Level]:
        """Yield the rows of what `availability` returned; ValueError when these bytes are something else.

        Bulk: a quarter of a million rows are usual, so tags are compared whole and nothing is built that nobody reads.
        """
        found = child(child(_element(content), "getItemAvailabilityResult"), "itemAvailabilityList")
        for row in () if found is None else found:
            at = row.tag.rpartition("}")[0] + "}"
            item, location = row.find(f"{at}item"), row.find(f"{at}locationId")
            id_ = "" if item is None else item.get("internalId", "")
            name = "" if item is None else item.findtext(f"{at}name", "")
            place = "" if location is None else location.get("internalId", "")
            held, free = row.findtext(f"{at}quantityOnHand", ""), row.findtext(f"{at}quantityAvailable", "")
            yield Level(id_, name, place, held, free)


def found_of(element: Element) -> Found:
    """Return a record of a reply as it is kept."""
    modified = text(element, "lastModifiedDate")
    ids = (element.get("internalId", ""), element.get("externalId", ""))
    return Found(kind(element), *ids, modified, as_bytes(element))


def record_of(element: Element) -> Record:
    """Return a record of a reply in plain values."""
    return Record(kind(element), element.get("internalId", ""), element.get("externalId", ""), tree(element))


def as_bytes(element: Element) -> bytes:
    """Return one element of a reply as a document of its own."""
    etree.cleanup_namespaces(element)
    return bytes(etree.tostring(element, with_tail=False))


def _element(content: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no well-formed XML: {error}") from None
