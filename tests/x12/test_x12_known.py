"""The meanings of codes that people are shown: they fit the grammar, and say what the field means by them."""

from __future__ import annotations

import pytest

from hub.codec.x12.known import meaning, meanings
from hub.codec.x12.show import show
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.rules import Element


@pytest.mark.parametrize("number", sorted(meanings()))
def test_each_code_with_a_meaning_is_one_that_the_element_can_hold(number: str) -> None:
    element = standard("004010").element(number)
    assert isinstance(element, Element)
    for code, words in meanings()[number].items():
        assert element.shortest <= len(code) <= element.longest, code
        assert not element.codes or code in element.codes, code
        assert words == words.strip() != ""


@pytest.mark.parametrize(
    ("element", "code", "words"),
    [
        ("668", "IA", "accepted"),
        ("668", "BP", "partial shipment, balance backordered"),
        ("673", "33", "available for sale"),
        ("673", "QH", "on hold, not to be used"),  # on hold, not on hand
        ("235", "GE", "generic name"),  # not a GTIN
        ("473", "F", "cancel"),
        ("668", "??", ""),
        ("324", "4711", ""),
    ],
)
def test_codes_mean_what_the_field_means_by_them(element: str, code: str, words: str) -> None:
    assert meaning(element, code) == words


def test_every_kind_of_line_that_an_acknowledgement_brings_is_known() -> None:
    ours = "IA IB IC ID IE IF IH IP IQ IR IS IW BP DR AC AR SP AA R1 R2 R3 R4".split()
    assert [code for code in ours if not meaning("668", code)] == []


def test_people_see_the_meaning_beside_the_code() -> None:
    text = (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260715*1200*U*00401*000000001*0*P*>~"
        "GS*PR*A*B*20260715*1200*1*X*004010~ST*855*0001~BAK*00*AC*4711*20260715~SE*3*0001~GE*1*1~IEA*1*000000001~"
    )
    shown = [line.strip() for line in show([text.encode()])]
    assert "02 acknowledgement type: AC (acknowledged with detail and change)" in shown
    assert "03 purchase order number: 4711" in shown
