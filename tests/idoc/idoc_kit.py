"""IDocs for the tests, made without the codec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.codec.idoc.model import Idoc

#: name, parent's number, level, data
Row = tuple[str, int, int, str]

ORDER: tuple[Row, ...] = (
    ("E2EDK01005", 0, 1, "000 EUR"),
    ("E2EDK03", 0, 2, "01220260115"),
    ("E2EDKA1003", 0, 2, "WE 0000010260"),
    ("E2EDP01011", 0, 2, f"{'000010':6}{'001':3}{'':2}{'2.000':15}PCE{'':25}{'65.69':15}"),
    ("E2EDP20002", 4, 3, f"{'2.000':15}{'':15}20260131"),
    ("E2EDP19003", 4, 3, f"002{'LL-01020304':35}Becher"),
    ("E2EDP01011", 0, 2, f"{'000020':6}{'001':3}{'':2}{'1.000':15}PCE"),
    ("E2EDP19003", 7, 3, f"002{'LL-9':35}"),
    ("E2EDS01", 0, 2, f"002{'131.38':18}"),
)


def control(kind: str = "ORDERS05", message: str = "ORDERS", number: int = 7, extension: str = "") -> str:
    """Return a control record of 524 characters."""
    start = f"{'EDI_DC40':10}400{number:016}{'755':4}302{'2':3}{kind:30}{extension:30}{message:30}"
    rest = f"{'SAPABC':10}LS{'':2}{'ABCCLNT400':10}{'':91}{'XDOCK':10}KU{'':2}{'0000088333':10}{'':91}20260115093000"
    return (f"{start:148}" + rest).ljust(524)


def data(rows: Sequence[Row] = ORDER, number: int = 7, *, numbered: bool = True) -> list[str]:
    """Return data records of 1063 characters."""
    found = []
    for at, (name, parent, level, text) in enumerate(rows, 1):
        numbers = f"{at:06}{parent:06}{level:02}" if numbered else " " * 14
        found.append(f"{name:30}400{number:016}{numbers}{text}".ljust(1063))
    return found


def flat(rows: Sequence[Row] = ORDER, *, end: str = "\n", numbered: bool = True, last: bool = True) -> str:
    """Return a file with one IDoc."""
    return end.join([control(), *data(rows, numbered=numbered)]) + (end if last else "")


def told(idoc: Idoc) -> Any:
    """Return what an IDoc says, without how it is framed."""
    return idoc.control, [
        (each.name, each.values, each.depth, each.parent.name if each.parent else "") for each in idoc.segments
    ]
