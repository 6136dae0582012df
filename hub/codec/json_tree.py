"""JSON: bytes to a neutral tree and back; numbers stay the text that they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.codec import packed
from hub.codec.fault import Refused, Unreadable
from hub.codec.tree import Bare, Node

#: What one file may hold: bytes when unpacked, objects and lists, values. A list of empty lists is small and grows
#: a hundredfold in memory, so these are counted before anything is built.
LARGEST: Final = 64 << 20
MOST_NODES: Final = 1_000_000
MOST_VALUES: Final = 6_000_000
_DEEPEST: Final = 100
#: What the elements of a list that has no name are called: the file itself, or a list in a list.
ELEMENT: Final = "item"
_NO_PAIRS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """Implements TreeFormat; with `by_line`, every line is a document of its own (NDJSON)."""

    encoding: str = "utf-8"
    by_line: bool = False

    @property
    def pairs(self) -> Mapping[str, int]:
        """JSON has no qualifiers."""
        return _NO_PAIRS

    @property
    def leaves(self) -> bool:
        """A value is a value."""
        return False

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield the root, one for each line where there are several; raises Refused."""
        text = packed.decoded(content, self.encoding, LARGEST)
        if not self.by_line:
            yield tree(text)
            return
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _line(line, number)

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return the documents, each on lines of its own."""
        dump = (json.dumps(_plain(root), ensure_ascii=False, indent=None if self.by_line else 2) for root in roots)
        text = _UNQUOTED.sub(lambda match: match[1], "".join(f"{each}\n" for each in dump))
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            bad = error.object[error.start]
            raise ValueError(f"the character {bad!r} cannot be written in {self.encoding}") from None


def tree(text: str) -> Node:
    """Return the tree of one JSON text; raises Refused."""
    if text.count("{") + text.count("[") > MOST_NODES or text.count(",") > MOST_VALUES:
        what = f"the file holds more than {MOST_NODES} objects or {MOST_VALUES} values"
        raise Refused(what, "ask the partner for smaller files, or for CSV")
    try:
        data = json.loads(text, parse_float=Bare, parse_int=Bare, parse_constant=_no_number)
        return _node("", data, 0)
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise Refused(f"the file is no JSON: {what}", "ask the partner for the file again") from None
    except RecursionError:
        raise Refused(f"the file is nested deeper than {_DEEPEST} levels", "ask the partner what this is") from None


def _line(text: str, number: int) -> Node | Unreadable:
    try:
        node = tree(text)
    except Refused as error:
        return Unreadable(error.what, error.todo, text[:2000], "json", line=number)
    node.line = number
    return node


def _no_number(text: str) -> str:
    raise json.JSONDecodeError(f"{text} is no number", "", 0)


def _node(name: str, data: Any, depth: int) -> Node:  # noqa: ANN401 - JSON
    if depth > _DEEPEST:
        raise RecursionError
    node = Node(name)
    if isinstance(data, dict):
        for key, value in data.items():
            _put(node, key, value, depth)
    elif isinstance(data, list):
        _put(node, ELEMENT, data, depth)
    else:
        node.text = _text(data)
    return node


def _put(node: Node, key: str, value: Any, depth: int) -> None:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        children = (_node(key, each, depth + 1) for each in value)
        node.children.extend(_listed(child) for child in children)
    elif isinstance(value, dict):
        node.children.append(_node(key, value, depth + 1))
    elif value is not None and value != "":
        node.values[key] = _text(value)


def _listed(node: Node) -> Node:
    node.many = True
    return node


def _text(value: object) -> str:
    if isinstance(value, bool):
        return Bare("true" if value else "false")
    return "" if value is None else str(value) if not isinstance(value, Bare) else value


#: Around a number on its way through json.dumps, which would write a Decimal as a float.
_MARK: Final = "\x00#"
_UNQUOTED = re.compile(r'"\\u0000#([^"]*)"')


def _plain(node: Node) -> Any:  # noqa: ANN401 - JSON
    if node.text and not node.values and not node.children:
        return _scalar(node.text)
    made: dict[str, Any] = {name: _scalar(value) for name, value in node.values.items()}
    for child in node.children:
        value = _plain(child)
        if child.many:
            made.setdefault(child.name, []).append(value)
        elif isinstance(made.get(child.name), list):
            made[child.name].append(value)
        else:
            made[child.name] = value if child.name not in made else [made[child.name], value]
    return made


def _scalar(text: str) -> str:
    if "\x00" in text:
        raise ValueError(f"{text[:40]!r} holds a character that no file may hold")
    return f"{_MARK}{text}" if isinstance(text, Bare) else str(text)
