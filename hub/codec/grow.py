"""Building a tree from paths: the left sides of an outbound document, one value after the other.

`REF[VR].02` finds the REF segment with that qualifier or makes it, `LIN[SK]` appends a pair to the LIN segment,
`TD5[#2].03` makes a second TD5 where there is one. A node that was to get values of a record, and got none, is left
out together with its constants: no `N1*ST` without an address.
"""

from __future__ import annotations

from hub.codec.path import Path, Step
from hub.codec.tree import Node


def buildable(path: Path) -> str:
    """Return why a path cannot stand on the left, or an empty text."""
    if path.up:
        return "../ reads what is around a record; what is written begins at the top"
    if any(step.name in ("*", "**") for step in path.steps):
        return "* and ** find something; what is written needs its name"
    last = path.steps[-1]
    if last.filters and not last.qualifier:
        return "the path ends at a segment; add which value of it, such as .02"
    return ""


class Grower:
    """A tree on its way; `leaves` is the format's (see TreeFormat)."""

    def __init__(self, root: Node, *, leaves: bool = False) -> None:
        self.root = root
        self._leaves = leaves
        self._asked: set[int] = set()  # nodes that were to get a value of the record
        self._filled: set[int] = set()  # nodes that got one

    def put(self, steps: tuple[Step, ...], text: str, *, fixed: bool, below: Node | None = None) -> None:
        """Write one value; `fixed` says that it is the same for every record, so that it makes no node by itself."""
        node, first = below or self.root, True
        for step in steps[:-1]:
            node, first = self._enter(node, step, first=first), False
            self._note(node, text, fixed=fixed)
        last = steps[-1]
        if last.filters:
            node = self._entered_for_pair(node, last, first=first)
            if text:
                node.values[_place(node, last)] = text
        elif self._leaves and not last.name.startswith("@"):
            node = self._enter(node, last, first=False)
            node.text = text
        elif text:
            node.values[last.name] = text
        self._note(node, text, fixed=fixed)

    def another(self, steps: tuple[Step, ...]) -> Node:
        """Return a new node for one line; it stays, whatever it gets."""
        node = self.root
        for number, step in enumerate(steps[:-1]):
            node = self._enter(node, step, first=not number)
        made = node.add(_made(steps[-1]))
        made.many = True
        self._filled.add(id(made))
        return made

    def finished(self) -> Node:
        """Return the root without the nodes that nothing was written to."""
        self._prune(self.root)
        return self.root

    def _note(self, node: Node, text: str, *, fixed: bool) -> None:
        if not fixed:
            self._asked.add(id(node))
            if text:
                self._filled.add(id(node))

    def _enter(self, node: Node, step: Step, *, first: bool) -> Node:
        """Return the node that a step leads to, made where there is none."""
        if first and step.is_self(node):
            return node
        for found in step.among(node.children):
            return found
        missing = step.nth - sum(1 for each in node.children if step.fits(each)) if step.nth else 1
        made = [node.add(_made(step)) for _ in range(missing)]
        if step.nth:
            self._asked.update(map(id, made))  # those that stay empty are left out again
        return made[-1]

    def _entered_for_pair(self, node: Node, step: Step, *, first: bool) -> Node:
        """Return the node that has the pair or can be given it."""
        if not step.pairs:
            return self._enter(node, step, first=first)
        if first and step.takes_pair(node):
            return node
        there = [each for each in node.children if step.takes_pair(each)]
        return next((each for each in there if step.fits(each)), there[0] if there else node.add(Node(step.name)))

    def _prune(self, node: Node) -> None:
        for child in node.children:
            self._prune(child)
        node.children = [child for child in node.children if self._stays(child)]

    def _stays(self, node: Node) -> bool:
        if node.children or id(node) in self._filled:
            return True
        return id(node) not in self._asked and bool(node.values or node.text)


def _made(step: Step) -> Node:
    """Return a new node that passes the filters of a step; a bare qualifier is its first element."""
    node = Node(step.name)
    for each in step.filters:
        if each.value:
            node.values[each.key or "01"] = each.value
    return node


def _place(node: Node, step: Step) -> str:
    """Return the element that takes what a qualifier qualifies; a new pair goes behind the last one."""
    known = step.after_qualifier(node)
    if known is not None:
        return known
    for key, value in step.pairs:
        if key not in node.values and value not in node.values:
            node.values[key] = step.qualifier
            return value
    raise ValueError(f"{step.name} has no room for another pair, {step.qualifier}")
