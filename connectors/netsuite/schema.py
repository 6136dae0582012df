"""The shapes of the account's own WSDL: which fields a type has, in which order and namespace.

zeep reads the WSDL; messages are then written from these shapes (`compose`), and replies read by lxml (`reply`). Both
are what zeep is weak at: it is 10 to 40 times slower, sends `replaceAll="true"` unasked, reads truncated XML as a
success when it is lenient and refuses real replies when it is strict.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.contract import AccessDenied


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a type: where it stands and what it is."""

    namespace: str
    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """One type: its own namespace, its attributes, and its elements in the schema's order."""

    name: str
    namespace: str
    attributes: frozenset[str]
    fields: Mapping[str, Field]
    simple: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One call: the element that is its body, that element's type, and the headers that it takes."""

    namespace: str
    type: str
    headers: frozenset[str]


class Schema:
    """One WSDL; shapes are made when first asked for, by any thread."""

    def __init__(self, wsdl: Path) -> None:
        client = _load(wsdl)
        self._types: dict[str, Any] = {each.qname.localname: each for each in client.wsdl.types.types if each.qname}
        (binding,) = client.wsdl.bindings.values()
        self._operations = {name: _operation(each) for name, each in binding.all().items()}
        headers = next(iter(self._operations.values()))
        self.messages = headers.namespace
        self.core = self.shape("TokenPassport").namespace

    def operation(self, name: str) -> Operation:
        """Return one call; KeyError when this endpoint does not have it."""
        return self._operations[name]

    def shape(self, name: str) -> Shape:
        """Return the shape of a type by its local name; KeyError when there is none."""
        found = self._types[name]
        if not isinstance(found, Shape):
            found = self._types[name] = _shape(found)
        return found


class Schemas:
    """The WSDLs of this process, each read once, when it is first needed."""

    def __init__(self) -> None:
        self._read: dict[Path, Schema] = {}
        self._lock = threading.Lock()

    def at(self, wsdl: Path) -> Schema:
        """Return the schema of a stored WSDL; AccessDenied with what to do when it is not there."""
        with self._lock:
            if wsdl not in self._read:
                self._read[wsdl] = Schema(wsdl)
            return self._read[wsdl]


def _load(wsdl: Path) -> Any:  # noqa: ANN401 - zeep has no types
    if not wsdl.is_file():
        raise AccessDenied(
            f"the account's WSDL is not at {wsdl}", todo="run `crossdock netsuite fetch-wsdl` once", code="no wsdl"
        )
    import zeep  # noqa: PLC0415 - half a second and 37 MB that only a connection to NetSuite pays for
    from zeep.exceptions import Error  # noqa: PLC0415

    class Offline(zeep.Transport):
        """Reads files and nothing else: a WSDL must not make us call anybody."""

        def load(self, url: str) -> bytes:
            return Path(url).read_bytes()

    transport = Offline()  # type: ignore[no-untyped-call]
    try:
        return zeep.Client(str(wsdl), transport=transport)  # type: ignore[no-untyped-call]
    except (OSError, Error, SyntaxError) as error:
        todo = "fetch it again with `crossdock netsuite fetch-wsdl --again`"
        raise AccessDenied(f"the stored WSDL {wsdl} cannot be read: {error}", todo=todo, code="wsdl") from None
    finally:
        transport.session.close()


def _operation(each: Any) -> Operation:  # noqa: ANN401 - zeep has no types
    body, header = each.input.body, each.input.header
    headers = frozenset(name for name, _ in header.type.elements) if header is not None else frozenset()
    return Operation(body.qname.namespace, body.type.qname.localname, headers)


def _shape(found: Any) -> Shape:  # noqa: ANN401 - zeep has no types
    attributes = frozenset(name for name, _ in getattr(found, "attributes", ()))
    fields = {}
    for name, element in getattr(found, "elements", ()):
        qname = getattr(element, "qname", None)
        if qname is not None and qname.namespace:
            fields[name] = Field(qname.namespace, element.type.qname.localname, bool(element.accepts_multiple))
    return Shape(found.qname.localname, found.qname.namespace, attributes, fields, simple=not (attributes or fields))
