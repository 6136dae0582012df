"""Fetching the account's WSDL once: it is Oracle's, so it is not shipped, and it is only ever read from the copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

from lxml import etree

from connectors.netsuite.auth import host_form
from connectors.netsuite.reply import Element
from hub.contract import TemporaryFailure

#: Of an address its bytes.
Get = Callable[[str], bytes]
_MOST_DOCUMENTS = 500


def address(account: str, endpoint: str, base: str | None = None) -> str:
    """Return where an account has its WSDL."""
    host = base or f"https://{host_form(account)}.suitetalk.api.netsuite.com"
    return f"{host}/wsdl/v{endpoint}_0/netsuite.wsdl"


def fetch(get: Get, source: str, folder: Path) -> int:
    """Store a WSDL and everything that it imports, with relative paths; returns how many documents.

    The folder appears whole or not at all. Raises TemporaryFailure for a document that is no XML or lies elsewhere.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".wsdl-") as part:
        count = _copy(get, source, Path(part) / "wsdl")
        if folder.exists():
            os.replace(folder, Path(part) / "old")  # noqa: PTH105 - of a folder, and over none
        os.replace(Path(part) / "wsdl", folder)  # noqa: PTH105
    return count


def _copy(get: Get, source: str, folder: Path) -> int:
    base = urlsplit(source)
    names = {source: "netsuite.wsdl"}
    waiting = [source]
    while waiting:
        url = waiting.pop()
        root = _document(get(url), url)
        for element, attribute in _imports(root):
            target = urljoin(url, element.get(attribute)).replace("/./", "/")
            if urlsplit(target).netloc != base.netloc or len(names) > _MOST_DOCUMENTS:
                raise TemporaryFailure(f"{url} imports {target}, which is not the account's own", code="wsdl")
            if target not in names:
                names[target] = f"xsd/{PurePosixPath(urlsplit(target).path).name}"
                waiting.append(target)
            element.set(attribute, os.path.relpath(names[target], PurePosixPath(names[url]).parent))
        file = folder / names[url]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return len(names)


def _document(content: bytes, url: str) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise TemporaryFailure(f"{url} is no XML: {error}", todo="check account and endpoint", code="wsdl") from None


def _imports(root: Element) -> list[tuple[Element, str]]:
    found = []
    for element in root.iter():
        for attribute in ("schemaLocation", "location"):
            is_import = isinstance(element.tag, str) and element.tag.rpartition("}")[2] in {"import", "include"}
            if is_import and element.get(attribute):
                found.append((element, attribute))
    return found
