"""A partner's functional acknowledgement confirms what reached it or parks it with the fault; ours goes out once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.purchase import Outcome
from hub.model.state import DeliveryState
from hub.model.transmission import DocumentVerdict, FunctionalAcknowledgement, TransmissionFault, Verdict
from hub.services.trade import transmissions
from hub.store import deliveries, events
from hub.store.tables import attempt, delivery, purchase


@pytest.fixture
def sent(quick_world: Any) -> Any:
    """Five cups of order #1001 at acme, under the group number 17."""
    world = quick_world
    world.source_of("acme", "CUP", 50, "8")
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.po = world.document("ACME")
    _carries(world, world.po, "PO 17")
    return world


def _carries(world: Any, number: str, transmission: str) -> None:
    with world.store.write() as tx:
        tx.execute(update(delivery).where(delivery.c.key == number).values(transmission=transmission))


def says(world: Any, group: str, number: str, verdict: Verdict, *faults: TransmissionFault) -> bool:
    documents = (DocumentVerdict(type="850", number="0001", verdict=verdict, faults=faults),)
    record = FunctionalAcknowledgement(group=group, number=number, verdict=verdict, documents=documents)
    with world.store.write() as tx:
        return transmissions.apply(tx, world.desk, world.source("acme", "functional"), record)


def test_what_a_partner_could_read_is_confirmed_and_keeps_its_number(sent: Any) -> None:
    assert says(sent, "PO", "000000017", Verdict.ACCEPTED)
    assert not says(sent, "PO", "17", Verdict.ACCEPTED)
    (one,) = sent.outgoing()
    assert (one.state, one.transmission) == (DeliveryState.CONFIRMED, "PO 17")


def test_a_refusal_of_the_whole_interchange_is_one_of_the_document_in_it(sent: Any) -> None:
    assert says(sent, "", "000000017", Verdict.REJECTED)
    assert sent.outgoing()[0].state is DeliveryState.PARKED


def test_the_order_acknowledgement_before_the_functional_one_leaves_its_number_known(sent: Any) -> None:
    assert sent.answers(sent.po, outcome=Outcome.ACCEPTED, reference="A-77")
    assert not says(sent, "PO", "17", Verdict.ACCEPTED)


def test_what_a_partner_could_not_read_is_parked_with_the_place_in_plain_words(sent: Any) -> None:
    fault = TransmissionFault(
        code="5", text="too long", segment="PO1", position=7, element="9", element_number="234", value="AB-100"
    )
    assert says(sent, "PO", "17", Verdict.REJECTED, fault)
    (failure,) = sent.failures()
    assert failure.code == "refused PO1-9 5"
    assert "850 segment 7 PO1 element 9: too long ('AB-100')" in failure.error
    assert "delivery.parked" in sent.events()


def test_a_rerun_of_what_was_refused_is_rendered_anew(sent: Any) -> None:
    with sent.store.write() as tx:
        tx.execute(update(delivery).where(delivery.c.key == sent.po).values(content_sha256="00", note="uploaded"))
    says(sent, "PO", "17", Verdict.REJECTED)
    sent.rerun_all()
    (one,) = sent.outgoing()
    assert (one.state, one.content_sha256, one.note, one.doubt) == (DeliveryState.QUEUED, None, None, False)


def test_a_refusal_after_the_goods_were_promised_is_only_noted(sent: Any) -> None:
    sent.accepts(sent.po)
    assert says(sent, "PO", "17", Verdict.REJECTED)
    assert sent.outgoing()[0].state is DeliveryState.CONFIRMED
    assert "delivery.refused late" in sent.events()


def test_a_document_in_doubt_that_was_read_has_arrived(quick_world: Any) -> None:
    world = quick_world
    world.source_of("acme", "CUP", 50, "8")
    world.order(lines={"L1": ("CUP", 5)})
    world.in_doubt(world.document("ACME"))
    _carries(world, world.document("ACME"), "PO 18")
    assert says(world, "PO", "18", Verdict.ACCEPTED)
    assert world.where() == {("released", "ACME"): 5}


def test_a_word_about_something_that_we_never_sent_is_for_a_person(sent: Any) -> None:
    with pytest.raises(BadRecord, match="acknowledges PO 99, and we never sent it that"):
        says(sent, "PO", "99", Verdict.ACCEPTED)


def test_what_arrived_and_is_not_acknowledged_in_the_agreed_hours_is_listed_until_it_is_forgiven(sent: Any) -> None:
    says(sent, "PO", "17", Verdict.ACCEPTED)
    assert sent.failures() == []
    with sent.store.write() as tx:
        tx.execute(update(purchase).values(acknowledge_by=sent.clock.now() - timedelta(hours=1)))
    (failure,) = sent.failures()
    assert (failure.code, failure.partner) == ("not acknowledged", "acme")
    sent.close(failure.id)
    assert sent.failures() == []


# --- a word on the whole interchange, and what was taken in spite of its faults --------------------------------------


def told_of_interchange(world: Any, verdict: Verdict, code: str = "", reason: str = "", **fields: Any) -> bool:
    """Let acme send a TA1 about interchange 17."""
    codes = (code,) if code else ()
    record = FunctionalAcknowledgement(number="000000017", verdict=verdict, codes=codes, reason=reason, **fields)
    with world.store.write() as tx:
        return transmissions.apply(tx, world.desk, world.source("acme", "functional"), record)


def last_event(world: Any) -> tuple[str, str]:
    (newest, *_) = world.read(lambda tx: events.search(tx, subject=world.id_of()))
    return newest.name, newest.detail.get("error", "")


def test_a_refused_interchange_parks_its_document_with_what_the_code_means_and_shows_on_the_order(sent: Any) -> None:
    assert told_of_interchange(sent, Verdict.REJECTED, "006", "the sender id is not valid")
    (failure,) = sent.failures()
    assert failure.code == "refused interchange 006"
    assert failure.error == f"acme refused the interchange with {sent.po}: code 006: the sender id is not valid"
    assert "under a new number" in failure.todo
    assert last_event(sent) == ("delivery.parked", failure.error)


def test_an_interchange_that_arrived_is_noted_on_the_order(sent: Any) -> None:
    assert told_of_interchange(sent, Verdict.ACCEPTED)
    assert sent.outgoing()[0].state is DeliveryState.SENT
    assert last_event(sent) == ("delivery.arrived", "")


def test_what_an_interchange_was_taken_in_spite_of_is_noted_on_the_order(sent: Any) -> None:
    assert told_of_interchange(sent, Verdict.ACCEPTED_WITH_ERRORS, "014", "the interchange date is not valid")
    assert last_event(sent) == ("delivery.taken with errors", "code 014: the interchange date is not valid")


def test_what_a_document_was_taken_in_spite_of_is_noted_on_the_order(sent: Any) -> None:
    fault = TransmissionFault(code="7", text="the code is not in the list", segment="PO1", position=7, element="3")
    assert says(sent, "PO", "17", Verdict.ACCEPTED_WITH_ERRORS, fault)
    assert sent.outgoing()[0].state is DeliveryState.CONFIRMED
    assert last_event(sent) == (
        "delivery.taken with errors",
        "850 segment 7 PO1 element 3: the code is not in the list",
    )


def test_a_refusal_without_a_place_says_what_its_codes_mean(sent: Any) -> None:
    document = DocumentVerdict(
        type="850", number="0001", verdict=Verdict.REJECTED, codes=("4",), reason="the number of segments differs"
    )
    record = FunctionalAcknowledgement(group="PO", number="17", verdict=Verdict.REJECTED, documents=(document,))
    with sent.store.write() as tx:
        transmissions.apply(tx, sent.desk, sent.source("acme", "functional"), record)
    (failure,) = sent.failures()
    assert failure.error.endswith("as unreadable: code 4: the number of segments differs")


def test_a_second_copy_that_is_refused_as_one_says_that_the_first_arrived(sent: Any) -> None:
    """After a lost reply the same bytes go again; to send the order under a new number would be once too often."""
    (one,) = sent.outgoing()
    with sent.store.write() as tx:
        tx.execute(update(delivery).where(delivery.c.id == one.id).values(content_sha256="ab" * 32))
        for number in (1, 2):
            row = {"number": number, "verb": "send", "request": f"850_17.edi sha256:{'ab' * 32}"}
            tx.execute(insert(attempt).values(delivery_id=one.id, started_at=sent.clock.now(), **row))
    told_of_interchange(sent, Verdict.REJECTED, "025", "received before", duplicate=True)
    assert sent.outgoing()[0].state is DeliveryState.SENT
    assert last_event(sent) == ("delivery.arrived", "code 025: received before")


def test_a_number_that_was_used_before_by_another_document_is_a_refusal(sent: Any) -> None:
    told_of_interchange(sent, Verdict.REJECTED, "025", "received before", duplicate=True)
    assert sent.outgoing()[0].state is DeliveryState.PARKED


# --- what we owe -----------------------------------------------------------------------------------------------------


def test_a_transmission_is_acknowledged_once_however_often_it_is_read(sent: Any) -> None:
    sent.directory.out["acme", Kind.FUNCTIONAL_ACKNOWLEDGEMENT] = "997"
    record = FunctionalAcknowledgement(group="IB", number="5", verdict=Verdict.ACCEPTED)
    source = sent.source("acme", "mailbox")
    for expected in (True, False):
        with sent.store.write() as tx:
            assert transmissions.owe(tx, sent.desk, source, record) is expected
    found = sent.read(lambda tx: deliveries.search(tx, kind=Kind.FUNCTIONAL_ACKNOWLEDGEMENT))
    assert [(each.document, each.record) for each in found] == [("997", record)]


def test_a_partner_that_wants_none_gets_none(sent: Any) -> None:
    record = FunctionalAcknowledgement(group="IB", number="5", verdict=Verdict.ACCEPTED)
    with sent.store.write() as tx:
        assert not transmissions.owe(tx, sent.desk, sent.source("acme", "mailbox"), record)


# --- verdicts that contradict themselves -----------------------------------------------------------------------------


def told(world: Any, verdict: Verdict, *documents: Verdict, accepted: int | None = None, number: str = "17") -> bool:
    """Let acme say this of the group, and of the documents in it."""
    each = tuple(DocumentVerdict(type="850", number=f"{n:04}", verdict=one) for n, one in enumerate(documents, 1))
    record = FunctionalAcknowledgement(group="PO", number=number, verdict=verdict, documents=each, accepted=accepted)
    with world.store.write() as tx:
        return transmissions.apply(tx, world.desk, world.source("acme", "functional"), record)


def test_a_group_taken_in_part_whose_only_document_was_taken_is_not_parked(sent: Any) -> None:
    assert told(sent, Verdict.PARTLY_ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS)
    assert sent.outgoing()[0].state is DeliveryState.CONFIRMED


def test_a_group_taken_in_part_that_names_none_goes_by_its_count(sent: Any) -> None:
    assert told(sent, Verdict.PARTLY_ACCEPTED, accepted=1)
    assert sent.outgoing()[0].state is DeliveryState.CONFIRMED


def test_a_document_that_was_rejected_in_an_accepted_group_is_parked(sent: Any) -> None:
    assert told(sent, Verdict.ACCEPTED, Verdict.REJECTED)
    assert sent.outgoing()[0].state is DeliveryState.PARKED


def test_an_interchange_that_arrived_well_may_still_hold_a_document_that_is_refused(sent: Any) -> None:
    says(sent, "", "000000017", Verdict.ACCEPTED)
    assert sent.outgoing()[0].state is DeliveryState.SENT
    assert told(sent, Verdict.REJECTED, Verdict.REJECTED)
    assert sent.outgoing()[0].state is DeliveryState.PARKED


def test_a_word_on_the_whole_interchange_ends_the_doubt_and_waits_on_for_the_document(quick_world: Any) -> None:
    world = quick_world
    world.source_of("acme", "CUP", 50, "8")
    world.order(lines={"L1": ("CUP", 5)})
    world.in_doubt(world.document("ACME"))
    _carries(world, world.document("ACME"), "PO 18")
    assert says(world, "", "18", Verdict.ACCEPTED)
    (one,) = world.outgoing()
    assert (one.state, one.doubt) == (DeliveryState.SENT, False)
    assert one.answer_by is not None
    assert world.where() == {("released", "ACME"): 5}


@pytest.mark.parametrize("number", ["%", "_7", "1_"])
def test_a_number_of_wildcards_names_no_transmission(sent: Any, number: str) -> None:
    with pytest.raises(BadRecord, match="we never sent it that"):
        says(sent, "", number, Verdict.REJECTED)


def test_a_refusal_of_what_goes_again_in_doubt_is_proof_enough_to_park_it(quick_world: Any) -> None:
    world = quick_world
    world.source_of("acme", "CUP", 50, "8")
    world.order(lines={"L1": ("CUP", 5)})
    number = world.document("ACME")
    _carries(world, number, "PO 18")
    with world.store.write() as tx:
        tx.execute(update(delivery).where(delivery.c.key == number).values(doubt=True))
    assert told(world, Verdict.REJECTED, number="18")
    assert world.outgoing()[0].state is DeliveryState.PARKED
