"""Every framing of a flat file, and XML, is read to the same IDoc; what cannot be read is told with its place."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import pytest

from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.model import Idoc
from hub.codec.idoc.reader import idocs, read, segments
from hub.codec.idoc.writer import as_xml, write
from tests.idoc.idoc_kit import ORDER, control, data, flat, told

WHOLE = next(idocs([flat().encode()]))


def only(content: bytes, **how: str) -> Idoc:
    (event,) = read([content], **how)
    assert isinstance(event, Idoc)
    return event


def test_an_order_is_read_with_its_fields_and_what_encloses_them() -> None:
    assert (WHOLE.basic_type, WHOLE.message_type, WHOLE.number) == ("ORDERS05", "ORDERS", "0000000000000007")
    line = next(WHOLE.named("E1EDP01"))
    assert line.values == {"POSEX": "000010", "ACTION": "001", "MENGE": "2.000", "MENEE": "PCE", "VPREI": "65.69"}
    assert [each.name for each in WHOLE.segments if each.parent is line] == ["E1EDP20", "E1EDP19"]
    assert WHOLE.whole
    assert line.offset == 525 + 3 * 1064
    assert line.line == 5


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(flat(end=""), id="fixed, no line ends"),
        pytest.param(flat(end="") + "\n", id="fixed, one line end at the very end"),
        pytest.param(flat(end="\r\n"), id="CRLF"),
        pytest.param(flat(end="\r"), id="CR"),
        pytest.param(flat(last=False), id="no line end at the end"),
        pytest.param(flat() + "\n\n\x1a", id="blank lines and Ctrl-Z at the end"),
        pytest.param("\n".join(line.rstrip() for line in flat().splitlines()), id="blanks trimmed"),
        pytest.param("\n".join(line + " " for line in flat().splitlines()), id="1064 wide"),
        pytest.param(flat(numbered=False), id="no SEGNUM, PSGNUM, HLEVEL"),
        pytest.param(control().ljust(1063) + "".join(data()), id="fixed, control record as wide as the others"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_every_framing_says_the_same(content: str, chunk: int) -> None:
    raw = content.encode()
    (event,) = read([raw[at : at + chunk] for at in range(0, len(raw), chunk)])
    assert isinstance(event, Idoc)
    assert event.whole, event.faults
    assert told(event) == told(WHOLE)


@pytest.mark.parametrize("wrong", ["own", "zero", "gone"])
def test_wrong_parents_are_rebuilt_from_the_type(wrong: str) -> None:
    lines = [control()]
    for at, line in enumerate(data(), 1):
        above = {"own": f"{at:06}", "zero": "000000", "gone": "000999"}[wrong]
        lines.append(line[:55] + above + line[61:])
    idoc = only("\n".join(lines).encode())
    assert told(idoc) == told(WHOLE)
    assert [fault.code for fault in idoc.faults] == [FaultCode.REBUILT]


def test_an_unknown_segment_goes_where_its_numbers_say_and_else_where_its_level_says() -> None:
    rows = [*ORDER[:4], ("Z2THING000", 4, 3, "what we do not know"), *ORDER[6:7]]
    known = only("\n".join([control(), *data(rows)]).encode())
    blind = only("\n".join([control(), *(line[:49] + " " * 12 + line[61:] for line in data(rows))]).encode())
    for idoc in (known, blind):
        (thing,) = idoc.named("Z2THING000")
        assert thing.parent is not None
        assert thing.parent.name == "E1EDP01"
        assert thing.values == {"SDATA": "what we do not know"}


def test_a_level_of_raised_digits_is_none() -> None:
    lines = [control(), *data([("E2EDK01005", 0, 1, "000"), ("Z2OWN", 0, 1, "x")], numbered=False)]
    lines[2] = lines[2][:61] + "\u00b20" + lines[2][63:]
    assert [each.name for each in only("\n".join(lines).encode("latin-1")).segments] == ["E1EDK01", "Z2OWN"]


def test_an_older_release_is_a_beginning_of_the_newest_one() -> None:
    idoc = only("\n".join([control("ORDERS01"), data([("E2EDP01003", 0, 2, "000010")])[0][:367]]).encode())
    assert idoc.segments[0].name == "E1EDP01"
    assert idoc.segments[0].values == {"POSEX": "000010"}


def test_a_type_of_the_same_family_lends_its_tree() -> None:
    idoc = only("\n".join([control("DELVRY03", "DESADV"), *data([("E2EDL20", 0, 2, "1"), ("E2EDL24", 0, 3, "1")],
                                                                 numbered=False)]).encode())  # fmt: skip
    assert idoc.tree.name == "DELVRY07"
    assert idoc.segments[1].parent is idoc.segments[0]


@pytest.mark.parametrize("joint", ["\n", "\r\n", "\n\x1a"])
def test_files_without_line_ends_that_were_joined_with_some_are_whole(joint: str) -> None:
    found = list(read([(flat(end="", last=False) + joint).encode() * 3]))
    assert [len(each.segments) for each in found if isinstance(each, Idoc)] == [len(ORDER)] * 3
    assert all(isinstance(each, Idoc) and each.whole for each in found)


def test_several_idocs_in_a_file_are_told_apart() -> None:
    both = "\n".join([control(number=1), *data(number=1), control("INVOIC02", "INVOIC", 2), *data(number=2)])
    found = list(idocs([both.encode()]))
    assert [(each.message_type, each.number[-1], len(each.segments)) for each in found] == [
        ("ORDERS", "1", len(ORDER)),
        ("INVOIC", "2", len(ORDER)),
    ]


def test_width_is_counted_in_characters() -> None:
    rows = [("E2EDKA1003", 0, 2, f"WE {'':34}{'Bäckerei Müller':35}{'':35}{'':70}{'Hauptstraße 1':35}")]
    text = control() + data(rows)[0] + data(rows)[0]
    idoc = only(text.encode("utf-8"))
    assert [each.values["STRAS"] for each in idoc.segments] == ["Hauptstraße 1"] * 2
    assert idoc.segments[1].offset == 524 + 1063 + 3


@pytest.mark.parametrize(
    ("raw", "how"),
    [
        pytest.param(lambda text: text.encode("utf-8"), {}, id="utf-8"),
        pytest.param(lambda text: text.encode("utf-8-sig"), {}, id="utf-8 with a mark"),
        pytest.param(lambda text: text.encode("latin-1"), {}, id="latin-1, not said"),
        pytest.param(lambda text: text.encode("cp1252"), {"encoding": "cp1252"}, id="cp1252"),
        pytest.param(lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"), {}, id="utf-16 with a mark"),
        pytest.param(lambda text: text.encode("utf-16-be"), {}, id="utf-16 without a mark"),
    ],
)
@pytest.mark.parametrize("end", ["\n", ""])
def test_code_pages(raw: Callable[[str], bytes], how: dict[str, str], end: str) -> None:
    rows = [("E2EDKA1003", 0, 2, f"WE {'':34}Bäckerei Müller"), ("E2EDS01", 0, 2, "0021.00")]
    content = raw(end.join([control(), *data(rows)]))
    idoc = only(content, **how)
    assert idoc.whole
    assert idoc.segments[0].values["NAME1"] == "Bäckerei Müller"
    assert write([idoc]) == content


def test_bytes_that_are_no_characters_go_back_as_they_came() -> None:
    lines = flat().encode().split(b"\n")
    lines[3] = lines[3][:100] + "Bäcker".encode() + lines[3][107:]
    lines[4] = lines[4][:300] + b"\xff" + lines[4][301:]
    content = b"\n".join(lines)
    assert write([only(content)]) == content


def test_records_from_before_4_0_are_refused_with_their_place() -> None:
    old = f"{'EDI_DC':10}400{'1':>16}rest".ljust(443) + "\n" + f"{'E2EDK01005':10}400".ljust(148)
    (fault,) = read([old.encode()])
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.BEFORE_4_0
    assert fault.line == 1
    found = list(read([(old + "\n" + flat()).encode()]))
    assert [type(each) for each in found] == [Fault, Idoc]


def test_a_file_that_ends_within_a_record_says_where() -> None:
    idoc = only(flat(end="")[: 524 + 1063 + 300].encode())
    (fault,) = [each for each in idoc.faults if each.code is FaultCode.TRUNCATED]
    assert fault.offset == 524 + 1063
    assert [each.name for each in idoc.segments] == ["E1EDK01", "E1EDK03"]


def test_a_fixed_file_that_lost_its_step_goes_on_at_the_next_idoc() -> None:
    broken = flat(end="")[:-1000] + flat(end="")
    first, second = idocs([broken.encode()])
    assert [(fault.code, fault.offset) for fault in first.faults] == [(FaultCode.TRUNCATED, 524 + 8 * 1063)]
    assert told(second) == told(WHOLE)


@pytest.mark.parametrize("lost", [3, 25, 400, 1063 + 200])
def test_a_fixed_file_that_lost_its_step_goes_on_at_the_next_record(lost: int) -> None:
    whole = flat(end="")
    at = 524 + 4 * 1063 + 500
    idoc = only((whole[:at] + whole[at + lost :]).encode())
    assert FaultCode.NOT_ALIGNED in {fault.code for fault in idoc.faults}
    assert idoc.segments[-1].values == WHOLE.segments[-1].values
    gone = {"E1EDP20", "E1EDP19"} if lost > 1063 else set()
    assert {each.name for each in idoc.segments} | gone == {each.name for each in WHOLE.segments}


def test_a_line_that_is_no_segment_is_told_with_its_place() -> None:
    lines = flat().splitlines()
    lines.insert(4, "see attachment, thanks")
    (idoc,) = idocs(["\n".join(lines).encode()])
    (fault,) = [each for each in idoc.faults if each.code is FaultCode.NOT_ALIGNED]
    assert (fault.line, fault.value) == (5, "see attachment, thanks")
    assert not idoc.whole


def test_files_joined_with_their_byte_order_marks_are_told_apart() -> None:
    both = "\ufeff" + flat() + "\ufeff" + flat()
    assert [told(each) for each in idocs([both.encode()])] == [told(WHOLE)] * 2


@pytest.mark.parametrize("cut", [1063 - 400, 40])
def test_lines_that_break_off_are_told(cut: int) -> None:
    idoc = only(flat(last=False).encode()[: -1063 + cut])
    assert (idoc.faults[0].code, idoc.faults[0].line) == (FaultCode.TRUNCATED, len(ORDER) + 1)


def test_a_control_record_alone_is_no_idoc_to_apply() -> None:
    for content in (control() + "\n", "<ORDERS05><IDOC><EDI_DC40><MESTYP>ORDERS</MESTYP></EDI_DC40></IDOC></ORDERS05>"):
        idoc = only(content.encode())
        assert [fault.code for fault in idoc.faults] == [FaultCode.NO_SEGMENTS]


def test_a_data_record_without_a_control_record_is_told() -> None:
    idoc = only("\n".join(data()).encode())
    assert [fault.code for fault in idoc.faults] == [FaultCode.NO_CONTROL_RECORD]
    assert idoc.tree.name == "ORDERS05"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"   "])
def test_nothing_is_no_idoc(content: bytes) -> None:
    (fault,) = read([content])
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NO_IDOC


def test_an_idoc_that_is_too_large_is_told_and_its_records_still_come_one_by_one() -> None:
    content = flat().encode()
    (idoc,) = read([content], held=5000)
    assert isinstance(idoc, Idoc)
    assert FaultCode.TOO_LARGE in {fault.code for fault in idoc.faults}
    assert [each.name for each in segments([content])] == ["EDI_DC40", *(each.name for each in WHOLE.segments)]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
@pytest.mark.parametrize("chunk", [1, 100_000])
def test_xml_says_the_same(encoding: str, chunk: int) -> None:
    raw = write([WHOLE, WHOLE], as_xml(encoding))
    found = list(read([raw[at : at + chunk] for at in range(0, len(raw), chunk)]))
    assert [told(each) for each in found if isinstance(each, Idoc)] == [told(WHOLE)] * 2
    assert codecs.lookup(found[0].framing.encoding) == codecs.lookup(encoding)


def test_the_root_tag_may_be_the_extension() -> None:
    raw = write([WHOLE], as_xml()).replace(b"<ORDERS05>", b"<IORDER01>").replace(b"</ORDERS05>", b"</IORDER01>")
    idoc = only(raw)
    assert (idoc.root, idoc.tree.name) == ("IORDER01", "ORDERS05")
    assert write([idoc]) == raw


def test_xml_that_breaks_off_gives_what_came_before_it() -> None:
    raw = write([WHOLE, WHOLE], as_xml())
    cut = raw[: raw.rindex(b"<E1EDP19")]
    first, second = idocs([cut])
    assert told(first) == told(WHOLE)
    assert not second.whole
    assert [each.name for each in second.segments] == [each.name for each in WHOLE.segments[:7]]
    (fault,) = second.faults
    assert (fault.code, fault.line, fault.offset) == (FaultCode.BROKEN_XML, cut.count(b"\n") + 1, len(cut))


def test_entities_of_a_stranger_are_not_expanded() -> None:
    bomb = (
        b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c SYSTEM "file:///etc/passwd">]><ORDERS05><IDOC BEGIN="1">'
        b"<EDI_DC40><IDOCTYP>ORDERS05</IDOCTYP><MESTYP>&b;&c;</MESTYP></EDI_DC40></IDOC></ORDERS05>"
    )
    for event in read([bomb]):
        assert "bbbb" not in str(event)
        assert "root:" not in str(event)


def _xml(content: bytes) -> bytes:
    """The IDOC element of a file."""
    return content[content.index(b"<IDOC") : content.rindex(b"</IDOC>") + 7]


PLAIN = _xml(write([WHOLE], as_xml())).replace(b' SEGMENT="1"', b"").replace(b' BEGIN="1"', b"")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<ORDERS05>" + PLAIN + b"</ORDERS05>", id="neither BEGIN nor SEGMENT, no declaration"),
        pytest.param(PLAIN, id="the IDOC alone"),
        pytest.param(PLAIN.replace(b"<IDOC>", b"<ORDERS05>").replace(b"</IDOC>", b"</ORDERS05>"), id="no IDOC element"),
        pytest.param(
            b"<s:Envelope xmlns:s='urn:s'><s:Body><ORDERS05>" + PLAIN + b"</ORDERS05></s:Body></s:Envelope>", id="SOAP"
        ),
        pytest.param(b"<ORDERS05 xmlns='urn:sap'>" + PLAIN + b"</ORDERS05>", id="a namespace"),
        pytest.param(
            b"<n:ORDERS05 xmlns:n='urn:sap'>" + re.sub(b"<(/?)", rb"<\1n:", PLAIN) + b"</n:ORDERS05>", id="prefixes"
        ),
        pytest.param(b"\r\n  <?xml version='1.0'?><ORDERS05>" + PLAIN + b"</ORDERS05>\r\n\x1a", id="blanks and Ctrl-Z"),
        pytest.param(b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-16'?><ORDERS05>" + PLAIN + b"</ORDERS05>",
                     id="a declaration that is not so"),
        pytest.param(b"<!DOCTYPE ORDERS05 SYSTEM 'orders05.dtd'><ORDERS05>" + PLAIN + b"</ORDERS05>", id="a DTD"),
        pytest.param(b"<!-- one --><ORDERS05><?pi?>" + PLAIN.replace(b"EUR", b"<![CDATA[EUR]]>") + b"</ORDERS05>",
                     id="comments, instructions, CDATA"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [1, 100_000])
def test_every_form_of_xml_says_the_same(content: bytes, chunk: int) -> None:
    (idoc,) = read([content[at : at + chunk] for at in range(0, len(content), chunk)])
    assert isinstance(idoc, Idoc)
    assert idoc.whole, idoc.faults
    assert told(idoc) == told(WHOLE)


def test_documents_one_behind_the_other_are_all_read_with_their_own_places() -> None:
    one = write([WHOLE], as_xml())
    both = one + one
    first, second = idocs([both])
    assert told(first) == told(second) == told(WHOLE)
    assert both[second.offset :].startswith(b'<IDOC BEGIN="1">')
    assert second.line == first.line + one.count(b"\n")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1252", "windows-1252"), ("iso8859-2", "iso-8859-2"), ("gb18030", "GB18030"), ("shift_jis", "Shift_JIS"),
     ("utf-16-le", "utf-16"), ("latin-1", "ISO-8859-1")],
)  # fmt: skip
def test_xml_in_any_encoding(encoding: str, name: str) -> None:
    text = "B\u00e4ckerei" if encoding in ("cp1252", "iso8859-2", "latin-1", "utf-16-le") else "\u4e2d"
    said = f"<?xml version='1.0' encoding='{name}'?><X><IDOC><EDI_DC40><IDOCTYP>ORDERS05</IDOCTYP></EDI_DC40>"
    idoc = only((said + f"<E1EDKA1><NAME1>{text}</NAME1></E1EDKA1></IDOC></X>").encode(encoding))
    assert idoc.segments[0].values == {"NAME1": text}
    assert idoc.whole


def test_an_encoding_that_nobody_knows_is_told() -> None:
    (fault,) = read([b"<?xml version='1.0' encoding='klingon'?><X/>"])
    assert isinstance(fault, Fault)
    assert "'klingon'" in str(fault)


def test_a_byte_that_is_no_utf_8_is_told_and_the_rest_is_read() -> None:
    raw = write([WHOLE, WHOLE], as_xml()).replace(b"Becher", b"B\xe4cher", 1)
    first, second = idocs([raw[:2000], raw[2000:]])
    (fault,) = first.faults
    assert (fault.code, fault.offset) == (FaultCode.BAD_BYTES, raw.index(b"\xe4"))
    assert len(first.segments) == len(ORDER)
    assert told(second) == told(WHOLE)


def test_xml_from_before_4_0_is_refused_as_the_flat_form_is() -> None:
    idoc = only(
        b"<ORDERS02><IDOC><EDI_DC><DOCNUM>1</DOCNUM></EDI_DC><E1EDK01><CURCY>EUR</CURCY></E1EDK01></IDOC></ORDERS02>"
    )
    assert [fault.code for fault in idoc.faults] == [FaultCode.BEFORE_4_0]
