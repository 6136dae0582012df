"""Which functional group (GS01) each transaction set (ST01) travels in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FUNCTIONAL_IDS: Final[Mapping[str, str]] = {
    "204": "SM",
    "210": "IM",
    "214": "QM",
    "753": "RF",
    "754": "RG",
    "810": "IN",
    "820": "RA",
    "824": "AG",
    "830": "PS",
    "832": "SC",
    "846": "IB",
    "850": "PO",
    "852": "PD",
    "855": "PR",
    "856": "SH",
    "860": "PC",
    "864": "TX",
    "865": "CA",
    "875": "OG",
    "880": "GP",
    "940": "OW",
    "943": "AR",
    "944": "RE",
    "945": "SW",
    "947": "AW",
    "990": "GF",
    "997": "FA",
    "999": "FA",
}
