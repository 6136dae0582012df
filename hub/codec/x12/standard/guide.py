"""A partner's guide: what it asks of a transaction set beyond the standard, as plain data of its mapping file.

    [documents.order.guide.segments]        # how often a segment or loop comes in what is around it
    "REF[DP]"      = { least = 1, most = 1 }
    "PO1.PID"      = { least = 1 }          # in every PO1
    "SAC"          = { most = 0 }           # not used
    [documents.order.guide.elements]
    "BEG.01"       = { codes = ["00", "05"] }
    "BEG.03"       = { longest = 10 }
    "N1[ST].N4.03" = { needed = true, forms = ["99999", "99999-9999"] }
    "PO1[UP]"      = { needed = true, shortest = 12, longest = 12 }   # what follows the qualifier
    "PO1.09"       = { unused = true }
    "MAN[GM].02"   = { sscc = true }        # its check digit is right

Places are written as everywhere in mapping files (hub.codec.path), beginning in the transaction set. In a form, 9 is a
digit, A a letter, X either of them, and everything else itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.codec.path import Path, PathRefused, Step, parse
from hub.codec.tree import Here, Node
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.tree import PAIRS

_ELEMENT: Final = re.compile(r"(.+?)\.([0-9]{2}(?:\.[0-9]{1,2})?)")
_MASKS: Final = {"9": "[0-9]", "A": "[A-Za-z]", "X": "[0-9A-Za-z]"}
#: Digits of a serial shipping container code (GS1), its check digit among them.
_SSCC: Final = 18
_KEYS: Final = {
    "segments": ("least", "most"),
    "elements": ("needed", "unused", "codes", "shortest", "longest", "forms", "sscc"),
}


@dataclass(frozen=True, slots=True)
class GuideProblem:
    """What is wrong with the guide itself: the keys that lead to it, and why."""

    way: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SegmentWish:
    """How often a segment or loop comes in what is around it; `most` None is without limit."""

    path: Path
    least: int = 0
    most: int | None = None

    def faults(self, root: Node) -> Iterator[Fault]:
        """Yield a fault for each place that has too few or too many."""
        last = self.path.steps[-1]
        for around, found in self._found(root):
            if len(found) < self.least:
                few = FaultCode.GUIDE_SEGMENT_UNDER_MINIMUM if found else FaultCode.GUIDE_SEGMENT_MISSING
                message = (
                    f"the guide wants {self.path.text} at least {_times(self.least)}, and it comes {len(found)} times"
                )
                yield Fault(few, around.number, tag=last.name, message=message)
            for extra in found[self.most :] if self.most is not None else ():
                if self.most:
                    message = f"the guide takes {self.path.text} at most {_times(self.most)}"
                    yield Fault(FaultCode.SEGMENT_OVER_MAXIMUM, extra.number, tag=extra.name, message=message)
                else:
                    message = f"the guide does not use {self.path.text}"
                    yield Fault(FaultCode.GUIDE_SEGMENT_NOT_USED, extra.number, tag=extra.name, message=message)

    def _found(self, root: Node) -> Iterator[tuple[Node, list[Node]]]:
        """Yield each node in which the segment is counted, with those that are there."""
        steps = self.path.steps
        if len(steps) == 1 or steps[-2].name == "**":
            yield root, [here.node for here in self.path.nodes(Here(root))]
            return
        for here in Path(self.path.text, 0, steps[:-1]).nodes(Here(root)):
            yield here.node, [node for node in here.node.children if steps[-1].fits(node)]


@dataclass(frozen=True, slots=True)
class ElementWish:
    """What the value at one place has to be; `key` is the element's, or "" for what follows the qualifier."""

    text: str
    path: Path
    key: str
    needed: bool = False
    unused: bool = False
    codes: tuple[str, ...] = ()
    shortest: int = 0
    longest: int | None = None
    forms: tuple[re.Pattern[str], ...] = ()
    masks: tuple[str, ...] = ()
    sscc: bool = False

    def faults(self, root: Node) -> Iterator[Fault]:
        """Yield what is wrong with the value, wherever the place is found."""
        for here in self._places().nodes(Here(root)):
            key = self.key or self.path.steps[-1].after_qualifier(here.node) or ""
            value = here.node.values.get(key, "")
            for code, message, graded in self._wrong(value):
                element, _, component = key.partition(".")
                yield Fault(
                    code,
                    here.node.number,
                    int(element or 0),
                    int(component or 0),
                    value=value,
                    tag=here.node.name,
                    message=f"the guide {message}",
                    graded=graded,
                )

    def _places(self) -> Path:
        """Return where to look: a pair that is needed is needed in every segment that could have it."""
        *around, last = self.path.steps
        if self.key or not last.pairs or not self.needed:
            return self.path
        return Path(self.text, 0, (*around, Step(last.name, (), last.pairs)))

    def _wrong(self, value: str) -> Iterator[tuple[FaultCode, str, Severity | None]]:
        if not value:
            if self.needed:
                yield FaultCode.GUIDE_ELEMENT_MISSING, f"wants {self.text}", None
            return
        if self.unused:
            yield FaultCode.GUIDE_ELEMENT_NOT_USED, f"does not use {self.text}", None
        if self.codes and value not in self.codes:
            yield FaultCode.GUIDE_BAD_CODE, f"takes only {', '.join(self.codes)} here", Severity.ERROR
        if len(value) < self.shortest:
            yield FaultCode.TOO_SHORT, f"wants {self.shortest} characters at least, and here are {len(value)}", None
        if self.longest is not None and len(value) > self.longest:
            yield FaultCode.TOO_LONG, f"takes {self.longest} characters at most, and here are {len(value)}", None
        if self.forms and not any(form.fullmatch(value) for form in self.forms):
            yield FaultCode.GUIDE_PATTERN, f"wants the form {' or '.join(self.masks)}", None
        if self.sscc and not is_sscc(value):
            what = "wants an SSCC: 18 digits, of which the last one checks the others"
            yield FaultCode.GUIDE_PATTERN, what, Severity.WARNING


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything that a partner asks of one document."""

    segments: tuple[SegmentWish, ...] = ()
    elements: tuple[ElementWish, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return not (self.segments or self.elements)

    def check(self, root: Node) -> list[Fault]:
        """Return the faults of a transaction set, given as its tree, in the order of its segments."""
        faults = [fault for wish in self.segments for fault in wish.faults(root)]
        faults += [fault for wish in self.elements for fault in wish.faults(root)]
        return sorted(faults, key=lambda fault: (fault.segment, fault.element))


def read_guide(data: Mapping[str, object]) -> tuple[Guide, list[GuideProblem]]:
    """Read the table of a mapping file; every problem is told, and what has one is left out."""
    reader = _Reader()
    for key in data:
        if key not in _KEYS:
            reader.say((key,), f"unknown setting {key!r}; a guide has segments and elements")
    segments = [reader.segment(place, wish) for place, wish in reader.wishes(data, "segments")]
    elements = [reader.element(place, wish) for place, wish in reader.wishes(data, "elements")]
    guide = Guide(
        tuple(each for each in segments if each is not None), tuple(each for each in elements if each is not None)
    )
    return guide, reader.problems


class _Reader:
    """Reads wishes and notes what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[GuideProblem] = []

    def say(self, way: tuple[str, ...], why: str) -> None:
        self.problems.append(GuideProblem(way, why))

    def wishes(self, data: Mapping[str, object], kind: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield each place with its table."""
        table = data.get(kind, {})
        if not isinstance(table, Mapping):
            self.say((kind,), f"{kind} must be a table")
            return
        for place, wish in table.items():
            if not isinstance(wish, Mapping) or not wish:
                self.say((kind, place), f"{place} must be a table that says something: {', '.join(_KEYS[kind])}")
                continue
            for key in wish.keys() - set(_KEYS[kind]):
                self.say((kind, place, key), f"unknown setting {key!r}; known: {', '.join(_KEYS[kind])}")
            yield place, wish

    def segment(self, place: str, wish: Mapping[str, object]) -> SegmentWish | None:
        way = ("segments", place)
        path = self._path(place, way)
        least, most = self._count(wish, "least", way), self._count(wish, "most", way)
        if most is not None and least is not None and least > most:
            self.say((*way, "least"), f"at least {least} and at most {most} cannot both be")
            return None
        return None if path is None else SegmentWish(path, least or 0, most)

    def element(self, place: str, wish: Mapping[str, object]) -> ElementWish | None:
        way = ("elements", place)
        found = _ELEMENT.fullmatch(place)
        path = self._path(found[1] if found else place, way)
        if path is None:
            return None
        if found is None and not path.steps[-1].qualifier:
            self.say(way, f"{place} is a segment; add which element of it, such as .02, or a qualifier")
            return None
        masks = self._texts(wish, "forms", way)
        return ElementWish(
            place,
            path,
            found[2] if found else "",
            self._flag(wish, "needed", way),
            self._flag(wish, "unused", way),
            self._texts(wish, "codes", way),
            self._count(wish, "shortest", way) or 0,
            self._count(wish, "longest", way),
            tuple(_form(mask) for mask in masks),
            masks,
            self._flag(wish, "sscc", way),
        )

    def _path(self, text: str, way: tuple[str, ...]) -> Path | None:
        try:
            path = parse(text, PAIRS)
        except PathRefused as refused:
            self.say(way, str(refused))
            return None
        if path.up:
            self.say(way, "../ leads out of the transaction set")
            return None
        return path

    def _count(self, wish: Mapping[str, object], key: str, way: tuple[str, ...]) -> int | None:
        value = wish.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        self.say((*way, key), f"{key} must be a whole number, 0 or more")
        return None

    def _flag(self, wish: Mapping[str, object], key: str, way: tuple[str, ...]) -> bool:
        value = wish.get(key, False)
        if not isinstance(value, bool):
            self.say((*way, key), f"{key} must be true or false")
        return value is True

    def _texts(self, wish: Mapping[str, object], key: str, way: tuple[str, ...]) -> tuple[str, ...]:
        value = wish.get(key, ())
        if isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value):
            return tuple(str(each) for each in value)
        self.say((*way, key), f"{key} must be a list of texts")
        return ()


def is_sscc(value: str) -> bool:
    """Whether a value is a serial shipping container code, with the application identifier 00 before it or without."""
    digits = value.removeprefix("00") if len(value) == _SSCC + 2 else value
    if len(digits) != _SSCC or not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _form(mask: str) -> re.Pattern[str]:
    """Turn a mask into a pattern that takes no time to speak of, whatever it is held against."""
    return re.compile("".join(_MASKS.get(letter) or re.escape(letter) for letter in mask))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
