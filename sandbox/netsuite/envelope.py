"""SOAP envelopes read and written with lxml, in the namespaces of whatever endpoint version was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

#: An lxml element, which has no types of its own.
Element = Any
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_VERSION = re.compile(r"^urn:messages_(\d{4}_\d)\.")


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of one endpoint version."""

    version: str

    def of(self, package: str) -> str:
        """Return a package's namespace: `sales_{0}.transactions`."""
        return f"urn:{package.format(self.version)}.webservices.netsuite.com"

    @property
    def core(self) -> str:
        """The namespace of refs and statuses."""
        return self.of("core_{0}.platform")

    @property
    def messages(self) -> str:
        """The namespace of requests and replies."""
        return self.of("messages_{0}.platform")

    @property
    def faults(self) -> str:
        """The namespace of faults."""
        return self.of("faults_{0}.platform")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its operation, its body and its header."""

    operation: str
    body: Element
    header: Element | None
    spaces: Namespaces


def read(content: bytes) -> Asked:
    """Return what was asked; ValueError when it is no SOAP request of this service."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    body = child(root, "Body")
    if body is None or len(body) != 1:
        raise ValueError("no SOAP body with one element")
    matched = _VERSION.match(etree.QName(body[0]).namespace or "")
    if matched is None:
        raise ValueError(f"not a message of this service: {body[0].tag}")
    return Asked(local(body[0]), body[0], child(root, "Header"), Namespaces(matched[1]))


def answer(asked: Asked) -> tuple[Element, Element]:
    """Return a new envelope and the response element in its body."""
    spaces = {"soapenv": ENVELOPE, "xsi": INSTANCE, "platformMsgs": asked.spaces.messages, "core": asked.spaces.core}
    root = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap=spaces)
    header = put(root, ENVELOPE, "Header")
    info = put(header, asked.spaces.messages, "documentInfo")
    put(info, asked.spaces.messages, "nsId", "WEBSERVICES_SANDBOX_1")
    body = put(root, ENVELOPE, "Body")
    return root, put(body, asked.spaces.messages, f"{asked.operation}Response")


def status(parent: Element, spaces: Namespaces, code: str = "", words: str = "") -> None:
    """Say that something was done, or with a code why not."""
    made = put(parent, spaces.core, "status")
    made.set("isSuccess", "false" if code else "true")
    if code:
        detail = put(made, spaces.core, "statusDetail")
        detail.set("type", "ERROR")
        put(detail, spaces.core, "code", code)
        put(detail, spaces.core, "message", words)


def fault(spaces: Namespaces, name: str, code: str, words: str) -> bytes:
    """Return a fault as bytes."""
    root = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soapenv": ENVELOPE, "f": spaces.faults})
    made = put(put(root, ENVELOPE, "Body"), ENVELOPE, "Fault")
    put(made, "", "faultcode", "soapenv:Server.userException")
    put(made, "", "faultstring", words)
    detail = put(put(made, "", "detail"), spaces.faults, name)
    put(detail, spaces.faults, "code", code)
    put(detail, spaces.faults, "message", words)
    return whole(root)


def whole(root: Element) -> bytes:
    """Return a document as bytes."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def put(parent: Element, namespace: str, name: str, value: str | None = None) -> Element:
    """Add an element, with text where there is some."""
    made = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    made.text = value
    return made


def ref(parent: Element, spaces: Namespaces, names: tuple[str, str], ids: tuple[str, str]) -> Element:
    """Add a reference: (namespace, element name) and (internal id, name)."""
    made = put(parent, *names)
    made.set("internalId", ids[0])
    put(made, spaces.core, "name", ids[1])
    return made


def local(element: Element) -> str:
    """Return a name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def kind(element: Element) -> str:
    """Return the type that an element says it is."""
    return str(element.get(f"{{{INSTANCE}}}type", "")).rpartition(":")[2]


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of that name, or None."""
    return next(children(element, name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    """Yield the children of that name."""
    for each in () if element is None else element:
        if isinstance(each.tag, str) and local(each) == name:
            yield each


def text(element: Element | None, *path: str) -> str:
    """Return the text at a path of names, empty when there is none."""
    for name in path:
        element = child(element, name)
    return "" if element is None else (element.text or "").strip()
