"""Countries: ISO 3166 codes for what NetSuite calls them."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
    AE unitedArabEmirates AR argentina AT austria AU australia BE belgium BG bulgaria BR brazil CA canada CH switzerland
    CL chile CN china CO colombia CR costaRica CY cyprus CZ czechia DE germany DK denmark DO dominicanRepublic
    EC ecuador EE estonia EG egypt ES spain FI finland FR france GB unitedKingdom GR greece GT guatemala HK hongKong
    HN honduras HR croatia HU hungary ID indonesia IE ireland IL israel IN india IS iceland IT italy JM jamaica
    JP japan KE kenya KR koreaTheRepublicOf KW kuwait LI liechtenstein LT lithuania LU luxembourg LV latvia MA morocco
    MT malta MX mexico MY malaysia NG nigeria NL netherlands NO norway NZ newZealand PA panama PE peru PH philippines
    PK pakistan PL poland PR puertoRico PT portugal QA qatar RO romania SA saudiArabia SE sweden SG singapore
    SI slovenia SK slovakia SV elSalvador TH thailand TR turkiye TW taiwan UA ukraine US unitedStates UY uruguay
    VN vietNam ZA southAfrica"""
_PAIRS = _NAMES.split()
#: ISO code -> NetSuite's name of a country.
OUTWARD: Mapping[str, str] = {code: f"_{name}" for code, name in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
#: NetSuite's name of a country -> ISO code.
INWARD: Mapping[str, str] = {name: code for code, name in OUTWARD.items()}
