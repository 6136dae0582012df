"""What `crossdock edi show` prints: names, the tree, and each fault under what it is about."""

from __future__ import annotations

from hub.codec.x12.show import show

TEXT = """ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*0*T*>~
TA1*000000001*260114*0900*A*000~
GS*PO*US*THEM*20260115*1200*70*X*004010~
ST*850*0001~
BEG*00*SA*4711**20269999~
ZZZ*what*is*this~
N1*ST*Jane~
N3*1 Main Street~
PO1*1*2*EA*9.5**UP*012345678905~
CTT*1~
SE*9*0001~
GE*1*70~
IEA*1*000000007~
"""


def lines(text: str = TEXT, *, brief: bool = False) -> list[str]:
    return list(show([text.encode()], brief=brief))


def after(shown: list[str], start: str) -> str:
    return shown[next(number for number, line in enumerate(shown) if line.strip().startswith(start)) + 1]


def test_the_tree_is_named_and_indented() -> None:
    shown = lines()
    assert shown[0] == "ISA interchange 000000007 from ZZ/US to 01/THEM, version 00401, test, byte 0"
    assert "  TA1 000000001 260114 0900 A 000" in shown
    assert "    850 purchase order, number 0001" in shown
    assert "          03 purchase order number: 4711" in shown
    assert next(line for line in shown if "N3" in line).startswith(" " * 8 + "N3")
    assert shown[-1] == "IEA 1 group"


def test_a_fault_stands_under_what_it_is_about() -> None:
    shown = lines()
    assert "BEG05 (segment 2) '20269999'" in after(shown, "05 date")
    assert after(shown, "05 date").startswith("!!")
    assert "ZZZ" in after(shown, "ZZZ not known")
    assert after(shown, "ZZZ not known").startswith("! ")
    assert "SE01 says 9, there are 8 segments" in "\n".join(shown)


def test_a_missing_element_is_told_where_it_should_stand() -> None:
    shown = lines(TEXT.replace("BEG*00*SA*4711*", "BEG*00*SA**"))
    assert "BEG03 (segment 2)" in after(shown, "02 order type")


def test_the_brief_form_has_a_line_for_each_segment() -> None:
    shown = lines(brief=True)
    assert "      BEG 01=00 02=SA 03=4711 05=20269999" in shown
    assert "BEG05" in after(shown, "BEG 01")


def test_whatever_the_file_is_something_is_shown() -> None:
    assert "there is no readable ISA" in "\n".join(lines("sku,quantity\n"))
    assert lines("")
    no_end = "\n".join(lines(TEXT[: TEXT.index("GE*1")]))
    assert "the group ends without GE" in no_end
    assert "the interchange ends without IEA" in no_end
    unknown = "\n".join(lines(TEXT.replace("ST*850", "ST*999")))
    assert "999" in unknown
