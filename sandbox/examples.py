"""A world in which the suppliers write in all styles and come by all doors, one example of each in turn."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

from sandbox.plan import Kind, World

#: What is written, how it travels, and whether there are invoices.
FORMS = (
    ("csv", "sftp", True),
    ("json", "web", False),
    ("xml", "sftp", False),
    ("fixed", "folder", False),
    ("xlsx", "mail", False),
    ("x12", "sftp", True),
    ("sap", "sftp", True),
)


def as_examples(world: World) -> World:
    """Return the world with its suppliers in these forms; the warehouse is run by a 3PL that speaks X12."""
    forms = cycle(FORMS)
    firms = []
    for firm in world.firms:
        if firm.kind is Kind.SUPPLIER:
            style, door, invoices = next(forms)
            firms.append(replace(firm, style=style, door=door, invoices=invoices))
        else:
            firms.append(replace(firm, style="x12"))
    return replace(world, firms=tuple(firms))


def in_one_style(world: World, style: str) -> World:
    """Return the world with every partner writing the same, over SFTP, and its suppliers sending invoices."""
    return replace(
        world,
        firms=tuple(replace(firm, style=style, invoices=firm.kind is Kind.SUPPLIER) for firm in world.firms),
    )
