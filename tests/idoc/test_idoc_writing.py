"""IDocs are written as they came, or by a partner's framing, releases and code page; what cannot be is refused."""

from __future__ import annotations

import pytest

from hub.codec.idoc.model import Framing, Idoc, Segment, Widths
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.writer import CannotWrite, as_flat, as_xml, write
from tests.idoc.idoc_kit import control, data, flat, told


def whole() -> Idoc:
    return next(idocs([flat().encode()]))


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("widths", Widths)
def test_xml_and_every_flat_framing_keep_every_field(end: str, widths: Widths) -> None:
    if not end and widths is not Widths.FULL:
        return
    through = next(idocs([write([whole()], as_xml())]))
    raw = write([through], as_flat(end=end, widths=widths))
    assert told(next(idocs([raw]))) == told(whole())


def test_what_comes_from_xml_is_numbered_as_sap_does() -> None:
    through = next(idocs([write([whole()], as_xml())]))
    assert write([through], as_flat()).decode() == flat()


def test_a_partner_gets_the_release_that_it_takes() -> None:
    raw = write([whole()], as_flat(widths=Widths.CUT), releases={"E1EDP01": "E2EDP01003"}).decode()
    (first, _) = [line for line in raw.splitlines() if line.startswith("E2EDP01003")]
    assert len(first) == 367


def test_a_field_that_the_release_does_not_have_is_refused() -> None:
    idoc = whole()
    next(idoc.named("E1EDP01")).values["MATNR_LONG"] = "4711"
    with pytest.raises(CannotWrite, match=r"E1EDP01\.MATNR_LONG '4711': release E2EDP01003 ends before"):
        write([idoc], as_flat(), releases={"E1EDP01": "E2EDP01003"})


def test_a_value_that_is_too_long_is_refused_with_its_field() -> None:
    idoc = whole()
    next(idoc.named("E1EDP01")).values["MENEE"] = "PIECE"
    with pytest.raises(CannotWrite, match=r"E1EDP01\.MENEE 'PIECE' is 5 characters long; 3 fit"):
        write([idoc], as_flat())


def test_a_line_end_in_a_value_is_refused_in_lines() -> None:
    idoc = whole()
    next(idoc.named("E1EDP19")).values["KTEXT"] = "two\nlines"
    with pytest.raises(CannotWrite, match="E1EDP19 holds a line end"):
        write([idoc], as_flat())


def test_a_character_that_the_code_page_has_not_is_refused() -> None:
    idoc = whole()
    next(idoc.named("E1EDP19")).values["KTEXT"] = "Łódź"
    with pytest.raises(CannotWrite, match=r"'Ł' in .* is not in code page 1100"):
        write([idoc], as_flat("1100"))
    assert "Łódź".encode("iso-8859-2") in write([idoc], as_flat("1401"))


def test_a_character_that_xml_has_not_is_refused() -> None:
    idoc = whole()
    next(idoc.named("E1EDP19")).values["KTEXT"] = "a\x01b"
    with pytest.raises(CannotWrite, match=r"E1EDP19\.KTEXT 'a\\x01b' holds what XML cannot"):
        write([idoc], as_xml())


def test_unknown_segments_and_extra_tails_survive_both_forms() -> None:
    rows = [
        ("E2EDK03", 0, 2, f"{'01220260115':17}  tail of a later release "),
        ("/NS/SEGMENT000", 1, 3, "  what we do not know "),
    ]
    content = "\n".join([control(), *data(rows)]).encode()
    idoc = next(idocs([content]))
    assert write([idoc]) == content
    xml = write([idoc], as_xml())
    assert b"<_-NS_-SEGMENT000" in xml
    assert write(idocs([xml]), Framing(widths=Widths.FULL, last_end=False)) == content


def test_xml_with_fields_of_a_segment_that_we_do_not_know_is_not_written_flat() -> None:
    idoc = whole()
    idoc.segments.append(Segment("Z1THING", values={"ZFIELD": "1"}))
    with pytest.raises(CannotWrite, match=r"Z1THING\.ZFIELD: the fields of Z1THING are not in the dictionary"):
        write([idoc], as_flat())
    assert b"<ZFIELD>1</ZFIELD>" in write([idoc], as_xml())


def test_several_idocs_share_one_root() -> None:
    raw = write([whole(), whole()], as_xml())
    assert raw.count(b"<ORDERS05>") == 1
    assert raw.count(b"<IDOC ") == 2
