"""The class of an error alone decides what happens next: DESIGN's table, row by row, through the whole runner."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.log import EventLog
from hub.store import connections, deliveries, events
from hub.store.connections import ConnectionMode
from tests.delivery.world import SECRET, World


def test_a_good_delivery_is_confirmed_at_once(world: World) -> None:
    world.enqueue("PO1")
    assert world.runner.run_due() == 1
    done = world.get("PO1")
    assert (done.state, done.reference, done.attempts, done.doubt) == ("confirmed", "their-PO1", 1, False)
    assert done.sent_at == world.clock.now()
    assert (done.claimed_by, done.answer_by, done.error) == (None, None, None)
    assert world.partners["acme"].received == {"PO1": [b"1:PO1"]}
    assert world.outcomes.told == [("sent", "PO1")]
    (attempt,) = world.attempts("PO1")
    assert (attempt.verb, attempt.outcome, attempt.reply) == ("send", "confirmed", "201 Created")
    assert attempt.request is not None
    assert attempt.request.startswith("PO1.txt sha256:")


def test_the_checkpoints_of_a_send_are_passed_in_order(world: World) -> None:
    world.enqueue("PO1")
    world.runner.run_due()
    assert world.passed == ["claimed", "rendered", "before_bytes", "bytes_sent", "replied", "committed"]


def test_what_is_only_sent_has_to_be_answered_within_the_agreed_hours(world: World) -> None:
    world.partners["acme"].confirms = False
    world.enqueue("PO1")
    world.runner.run_due()
    assert world.get("PO1").state == "sent"
    assert world.get("PO1").answer_by == world.clock.now() + timedelta(hours=24)
    world.hours = None
    world.enqueue("PO2")
    world.runner.run_due()
    assert world.get("PO2").answer_by is None


def test_a_temporary_failure_is_tried_again_later_and_later(world: World) -> None:
    world.policy = type(world.policy)(attempts=5, first_delay=10, jitter=0.0, outage_after=99)
    world.restart()
    world.partners["acme"].script.extend(["temporary"] * 3)
    world.enqueue("PO1")
    waits = []
    for _ in range(3):
        world.runner.run_due()
        waiting = world.get("PO1")
        assert (waiting.state, waiting.error_class, waiting.todo) == ("waiting", "TemporaryFailure", "wait")
        waits.append((waiting.due_at - world.clock.now()).total_seconds())
        assert world.runner.run_due() == 0
        world.clock.advance(waits[-1])
    world.runner.run_due()
    assert waits == [10, 20, 40]
    assert world.get("PO1").state == "confirmed"
    assert world.get("PO1").error is None
    assert world.outcomes_of("PO1") == [("send", "TemporaryFailure")] * 3 + [("send", "confirmed")]


def test_every_resend_uses_the_bytes_of_the_first(world: World) -> None:
    world.partners["acme"].script.extend(["temporary", "ok", "ok"])
    world.enqueue("PO1", "PO2")
    world.run_for(60)
    assert world.partners["acme"].calls["render"] == 2
    assert world.partners["acme"].received == {"PO1": [b"1:PO1"], "PO2": [b"2:PO2"]}


def test_after_the_last_attempt_it_is_parked(world: World) -> None:
    world.partners["acme"].mood = lambda verb, _key: "temporary" if verb == "send" else None
    world.enqueue("PO1")
    world.run_for(3600, step=30)
    parked = world.get("PO1")
    assert (parked.state, parked.tries, parked.attempts) == ("parked", 5, 5)
    assert parked.error == "the line is down"
    assert world.outcomes.told == [("parked", "PO1")]


def test_a_rate_limit_holds_the_whole_account_and_uses_no_attempt(world: World) -> None:
    world.connect("bolt")
    world.partners["acme"].script.append("limited")
    world.enqueue("PO1", "PO2", "PO3")
    world.enqueue("PO9", code="bolt")
    world.runner.run_due()
    assert world.partners["acme"].calls["send"] == 1
    assert world.get("PO9", "bolt").state == "confirmed"
    held = world.get("PO1")
    assert (held.state, held.tries, held.due_at) == ("waiting", 0, world.clock.now() + timedelta(seconds=30))
    world.clock.advance(29)
    assert world.runner.run_due() == 0
    world.clock.advance(1)
    assert world.runner.run_due() == 3
    assert world.states("PO1", "PO2", "PO3") == ["confirmed"] * 3


def test_a_lost_reply_is_asked_about_and_found(world: World) -> None:
    world.partners["acme"].script.append("lost after")
    world.enqueue("PO1")
    world.runner.run_due()
    assert (world.get("PO1").state, world.get("PO1").doubt) == ("unknown", True)
    world.run_for(5)
    assert world.get("PO1").state == "confirmed"
    assert world.outcomes_of("PO1") == [("send", "OutcomeUnknown"), ("find", "found")]
    assert world.partners["acme"].copies() == {"PO1": 1}
    assert world.outcomes.told == [("sent", "PO1")]


def test_a_lost_request_is_asked_about_and_sent_again(world: World) -> None:
    world.partners["acme"].script.append("lost")
    world.enqueue("PO1")
    world.run_for(10)
    assert world.outcomes_of("PO1") == [("send", "OutcomeUnknown"), ("find", "absent"), ("send", "confirmed")]
    assert world.get("PO1").attempts == 3
    assert world.partners["acme"].copies() == {"PO1": 1}


def test_asking_is_repeated_while_it_fails_for_a_moment(world: World) -> None:
    world.partners["acme"].script.append("lost after")
    world.partners["acme"].finds.extend(["temporary", "limited", "lost"])
    world.enqueue("PO1")
    world.run_for(600)
    assert [outcome for _, outcome in world.outcomes_of("PO1")] == [
        "OutcomeUnknown",
        "TemporaryFailure",
        "RateLimited",
        "OutcomeUnknown",
        "found",
    ]
    assert world.partners["acme"].copies() == {"PO1": 1}


def test_what_cannot_be_told_is_never_sent_again_and_parks_at_its_deadline(world: World) -> None:
    world.partners["acme"].remembers = False
    world.partners["acme"].script.append("lost")
    world.enqueue("PO1")
    world.run_for(60)
    waiting = world.get("PO1")
    assert (waiting.state, waiting.answer_by) == ("unknown", waiting.created_at + timedelta(hours=24))
    assert world.partners["acme"].calls["find"] == 1
    world.run_for(23 * 3600, step=3600)
    assert world.get("PO1").state == "unknown"
    world.run_for(2 * 3600, step=600)
    parked = world.get("PO1")
    assert parked.state == "parked"
    assert "cannot be told" in (parked.error or "")
    assert "rerun" in (parked.todo or "")
    assert world.partners["acme"].calls["send"] == 1
    assert world.outcomes.told == [("parked", "PO1")]


def test_the_partners_answer_ends_not_knowing(world: World) -> None:
    world.partners["acme"].remembers = False
    world.partners["acme"].script.append("lost after")
    world.enqueue("PO1")
    world.run_for(60)
    with world.store.write() as tx:
        assert deliveries.confirm(tx, "acme", "PO1", "ack-1", world.clock.now())
    world.run_for(48 * 3600, step=3600)
    assert (world.get("PO1").state, world.get("PO1").reference) == ("confirmed", "ack-1")
    assert world.partners["acme"].calls["send"] == 1


def test_a_rerun_in_doubt_asks_first_and_a_person_who_knows_may_send_again(world: World) -> None:
    world.partners["acme"].remembers = False
    world.partners["acme"].script.append("lost")
    (one,) = world.enqueue("PO1")
    world.run_for(26 * 3600, step=3600)
    assert world.get("PO1").state == "parked"
    with world.store.write() as tx:
        deliveries.requeue(tx, one, world.clock.now())
    world.run_for(60)
    assert (world.get("PO1").state, world.partners["acme"].calls["send"]) == ("unknown", 1)
    with world.store.write() as tx:
        deliveries.requeue(tx, one, world.clock.now(), send_again=True)
    world.run_for(60)
    assert (world.get("PO1").state, world.partners["acme"].copies()) == ("confirmed", {"PO1": 1})


def test_documents_that_vanish_again_and_again_are_parked(world: World) -> None:
    world.partners["acme"].mood = lambda verb, _key: "lost" if verb == "send" else None
    world.enqueue("PO1")
    world.run_for(3600, step=20)
    parked = world.get("PO1")
    assert (parked.state, parked.code, parked.doubt) == ("parked", "vanishes", False)
    assert world.partners["acme"].calls["send"] == 5


def test_a_rejection_parks_at_once_with_the_partners_words(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    world.enqueue("PO1")
    world.runner.run_due()
    parked = world.get("PO1")
    assert (parked.state, parked.error, parked.code) == ("parked", "we do not sell that", "unknown item")
    assert parked.todo == "ask them"
    assert world.attempts("PO1")[0].reply == "ERR 17"
    assert world.outcomes.told == [("parked", "PO1")]


def test_a_record_that_cannot_be_rendered_parks_and_the_rest_goes_on(world: World) -> None:
    world.partners["acme"].mood = lambda verb, key: "bad" if (verb, key) == ("render", "PO2") else None
    world.enqueue("PO1", "PO2", "PO3")
    world.runner.run_due()
    assert world.states("PO1", "PO2", "PO3") == ["confirmed", "parked", "confirmed"]
    assert world.get("PO2").error == "PO 1 line 2 quantity: no such unit"
    assert world.partners["acme"].received["PO3"] == [b"2:PO3"], "the number taken for PO2 was given back"


def test_denied_access_pauses_the_connection_and_harms_no_delivery(world: World) -> None:
    acme = world.partners["acme"]
    acme.script.append("denied")
    acme.healthy = False
    world.enqueue("PO1", "PO2")
    world.runner.run_due()
    with world.store.read() as tx:
        row = connections.get(tx, "acme")
        paused = [each for each in events.search(tx, subject="acme") if each.name == "connection.paused"]
    assert row is not None
    assert (row.mode, row.paused_by, row.paused_why) == (ConnectionMode.PAUSED, "hub", "wrong password")
    assert len(paused) == 1
    assert world.states("PO1", "PO2") == ["queued", "queued"]
    assert (world.get("PO1").tries, world.get("PO2").attempts) == (0, 0)
    world.run_for(300)
    assert acme.calls["send"] == 1
    assert 2 <= acme.calls["check"] <= 6, "asked again, at growing distances"
    acme.healthy = True
    world.run_for(600)
    assert world.states("PO1", "PO2") == ["confirmed", "confirmed"]
    with world.store.read() as tx:
        names = [each.name for each in events.search(tx, subject="acme")]
    assert names.count("connection.paused") == names.count("connection.resumed") == 1


def test_denied_access_while_asking_leaves_the_doubt(world: World) -> None:
    acme = world.partners["acme"]
    acme.script.append("lost after")
    acme.finds.append("denied")
    world.enqueue("PO1")
    world.run_for(120)
    assert world.get("PO1").state == "confirmed"
    assert acme.copies() == {"PO1": 1}


@pytest.mark.parametrize(("fault", "copies"), [("bug", 1), ("bug after", 1)])
def test_a_fault_while_sending_counts_as_a_lost_reply(world: World, fault: str, copies: int) -> None:
    world.partners["acme"].script.append(fault)
    world.enqueue("PO1")
    world.run_for(60)
    assert world.get("PO1").state == "confirmed"
    assert world.partners["acme"].copies() == {"PO1": copies}


def test_a_fault_that_stays_parks_without_the_partners_secrets(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.partners["acme"].mood = lambda verb, _key: "bug" if verb in {"send", "find"} else None
    world.enqueue("PO1")
    world.run_for(3600, step=30)
    parked = world.get("PO1")
    assert (parked.state, parked.error_class, parked.code) == ("parked", "Unforeseen", "ValueError")
    assert "a fault with <secret:password> in it" in (parked.error or "")
    fields = [str(getattr(record, "fields", "")) for record in caplog.records]
    told = "".join(fields) + str([(each.error, each.reply) for each in world.attempts("PO1")])
    assert "Traceback" in told
    assert SECRET not in told


def test_the_log_names_order_partner_and_delivery_also_where_the_connector_speaks(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.partners["acme"].mood = lambda verb, _key: EventLog("theirs").warning("asked", verb=verb)
    world.partners["acme"].script.extend(["ok", "rejected", "lost"])
    _, second, third = world.enqueue("PO1", "PO2", "PO3")
    world.run_for(60)
    said = [(each.message, each.fields) for each in caplog.records if hasattr(each, "fields")]
    (parked,) = (fields for event, fields in said if event == "delivery.parked")
    assert (parked["order"], parked["partner"], parked["delivery"]) == ("SO-PO2", "acme", second)
    asked = [fields for event, fields in said if event == "asked" and fields["verb"] != "render"]
    assert [(each["order"], each["partner"], each["delivery"], each["verb"]) for each in asked] == [
        ("SO-PO3", "acme", third, "find"),
        ("SO-PO3", "acme", third, "send"),
    ]


def test_a_fault_in_what_an_arrival_means_is_asked_about_not_sent_again(world: World) -> None:
    world.outcomes.fail = 1
    world.enqueue("PO1")
    world.run_for(60)
    assert world.get("PO1").state == "confirmed"
    assert world.partners["acme"].copies() == {"PO1": 1}
    assert world.outcomes.told == [("sent", "PO1")]
    assert world.outcomes_of("PO1") == [("send", "Unforeseen"), ("find", "found")]


def test_a_fault_in_what_parking_means_still_parks(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    world.outcomes.fail = 99
    world.enqueue("PO1")
    world.run_for(3600, step=30)
    assert world.get("PO1").state == "parked"


def test_words_that_no_database_keeps_are_made_keepable(world: World) -> None:
    world.partners["acme"].script.append("garbled")
    world.enqueue("PO1")
    world.runner.run_due()
    assert world.get("PO1").error == "nul \N{REPLACEMENT CHARACTER} and half a pair ?"
    assert len(world.attempts("PO1")[0].reply or "") == 2000
