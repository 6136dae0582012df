"""The quick way from a transaction set to records says the same as the way by the tree, whatever the set is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.edi.settings import EdiSettings
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.reader import transaction_sets
from hub.codec.x12.tree import tree
from hub.contract import BadRecord
from hub.mapping.house import house_folder
from hub.mapping.inward import Inward
from hub.mapping.partner_file import load
from hub.model.order import SalesOrder
from tests.edi.trade import partner_file

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
_ISA = b"ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*^*00501*000000007*1*P*>~"
_ORDER = (
    b"ST*850*0001~BEG*00*SA*4711**20260115~CUR*BY*EUR~REF*CO*1~DTM*001*20260120~DTM*002*20260131~"
    b"N1*BT*Payer~N4*Paris**75001*FR~N1*ST*Ann*92*7~N3*1 Main St~N4*Austin*TX*78701*US~"
    b"PO1*1*2*EA*9.5**UP*012345678905*VN*CUP~PID*F****Cup~PID*X*08***Mug~PO1*2*1*DZ*4**VN*VN*SK*X~PID*F****Jug~"
    b"N1*ST*Line*92*1~PO1*3*1*EA~CTT*3~SE*18*0001~"
)
_STOCK = (
    b"ST*846*0002~BIA*00*SI*1*20260115~LIN**VN*CUP~QTY*33*4*DZ~QTY*17*9*EA~N1*WH*DC~LIN*1*SK*MUG~QTY*33**EA~SE*9*0002~"
)


_CHANGE = b"ST*860*0003~BCH*04*SA*4711***20261120~POC*1*QI*3**DZ**VN*CUP~CTT*1~SE*5*0003~"


def interchange(sets: bytes) -> bytes:
    return _ISA + b"GS*PO*US*THEM*20260115*1200*70*X*004010~" + sets + b"GE*2*70~IEA*1*000000007~"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Inward]:
    """Every inbound document of the house templates, each with the code of its sets."""
    found: list[Inward] = []
    for template in ("x12_4010_supplier", "x12_4010_customer", "x12_3pl"):
        path = partner_file(tmp_path_factory.mktemp(template))
        path.write_text(path.read_text("utf-8").replace("x12_4010_supplier", template), "utf-8")
        file = load(path, house=house_folder(), settings_models={"edi": EdiSettings}, secrets={}.get)
        found += file.profile().translator.inward.values()  # type: ignore[attr-defined]
    return found


def same(document: Inward, one: TransactionSet) -> bool:
    """Compare both ways; says whether the quick one was taken at all."""
    quick = [_told(each) for each in document.parse_sets([one])]
    assert quick == [_told(each) for each in document.parse_trees([tree(one)])]
    ready = document._ready(one)
    return ready is not None and ready.picker.pieces(one) is not None


def _told(result: object) -> object:
    return (str(result), result.record, result.field, result.code) if isinstance(result, BadRecord) else result


def _each(documents: list[Inward], content: bytes) -> Iterator[bool]:
    for one in transaction_sets([content]):
        yield from (same(each, one) for each in documents if each.declared.layout.root == one.code)


def test_orders_and_stock_go_the_quick_way(documents: list[Inward]) -> None:
    assert list(_each(documents, interchange(_ORDER + _STOCK))) == [True, True, True]


def test_what_reads_the_envelope_goes_by_the_tree(documents: list[Inward]) -> None:
    assert list(_each(documents, interchange(_CHANGE))) == [False]


@pytest.mark.parametrize(
    "oddity",
    [
        b"SDQ*EA*92*1*1*2*1~PO1*2",  # an order for many stores
        b"BEG*00*SA*1**20260101~PO1*2",  # a segment out of its place
        b"REF*ZZ*A^B~PO1*2",  # a repetition
    ],
)
def test_what_the_quick_way_cannot_promise_is_left_to_the_tree(documents: list[Inward], oddity: bytes) -> None:
    assert list(_each(documents, interchange(_ORDER.replace(b"PO1*2", oddity)))) == [False]


@pytest.mark.parametrize(
    ("line", "sku"),
    [
        (b"PO1*1*2*EA*9.5**VN*CUP*SK*X", "CUP"),
        (b"PO1*1*2*EA*9.5**SK*X*VN*CUP", "CUP"),  # as many elements, the other way round
        (b"PO1*1*2*EA*9.5**VN* *SK*X", "X"),  # blanks are as good as nothing
        (b"PO1*1*2*EA*9.5**VN**SK*X", "X"),
        (b"PO1*1*2*EA*9.5**VN*A*VN*B", "A"),
        (b"PO1*VP*2*EA*9.5**SK*X", "2"),  # the number of the line reads like a qualifier: as the tree has it
        (b"PO1*1*2*EA*9.5**SK*X*VN", "X"),  # a qualifier of nothing
    ],
)
def test_pairs_of_a_line_are_found_however_they_are_ordered(documents: list[Inward], line: bytes, sku: str) -> None:
    first, last = (b"PO1*%d*2*EA*9.5**VN*MUG*SK*Y" % number for number in (7, 8))
    sets = b"ST*850*0001~BEG*00*SA*4711**20260115~" + b"~".join((first, line, last)) + b"~CTT*3~SE*7*0001~"
    (one,) = transaction_sets([interchange(sets)])
    (order,) = next(each for each in documents if each.declared.layout.root == "850").parse_sets([one])
    assert isinstance(order, SalesOrder), order
    assert [each.sku for each in order.lines] == ["MUG", sku, "MUG"]
    assert list(_each(documents, interchange(sets))) == [True]


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason="the samples of others are not beside this repository")
def test_real_files_say_the_same_both_ways(documents: list[Inward]) -> None:
    taken = [quick for file in sorted(_SAMPLES.glob("*/*.edi")) for quick in _each(documents, file.read_bytes())]
    assert sum(taken) > 30


def test_mutated_sets_say_the_same_both_ways(documents: list[Inward]) -> None:
    rng = random.Random(20261128)
    pieces = [*_ORDER.split(b"~"), *_STOCK.split(b"~"), b"PO1", b"N1*ST", b"PID*F****X*", b"PO1*9*1*EA**VN*VN*A"]
    for _ in range(400):
        segments = rng.choice((_ORDER, _STOCK)).split(b"~")
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(1, len(segments))
            what = rng.randrange(3)
            if what == 0:
                segments.insert(at, rng.choice(pieces))
            elif what == 1:
                del segments[at]
            else:
                elements = segments[at].split(b"*")
                elements[rng.randrange(len(elements))] = rng.choice((b"", b"VN", b"ST", b"F", b"33", b"1>2", b" "))
                segments[at] = b"*".join(elements)
        list(_each(documents, interchange(b"~".join(segments))))
