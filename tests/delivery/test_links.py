from __future__ import annotations

import threading

import pytest
from pydantic import BaseModel

from hub.contract import About, Limiter, Pace, Profile, Rejected, TemporaryFailure
from hub.delivery.context import ConnectionContext, IdleContext
from hub.delivery.links import Links, NotConnected
from hub.model.partner import Partner, Role
from hub.store import connections
from tests.delivery.world import SECRET, FakeConnector, FakePlugin, World


def test_a_connection_is_opened_once_and_used_again(local: World) -> None:
    for _ in range(5):
        with local.links.use("acme"):
            pass
    assert (local.partners["acme"].opened, local.partners["acme"].closed) == (1, 0)
    local.links.close()
    assert local.partners["acme"].closed == 1


def test_two_users_at_once_have_two_connections(local: World) -> None:
    with local.links.use("acme") as one, local.links.use("acme") as other:
        assert one is not other
    with local.links.use("acme") as again:
        assert again is one or again is other
    assert local.partners["acme"].opened == 2


def test_a_connection_is_closed_when_nobody_used_it_for_a_while(local: World) -> None:
    with local.links.use("acme"):
        pass
    local.clock.advance(29)
    assert local.links.tidy() == 0
    local.clock.advance(1)
    assert local.links.tidy() == 1
    assert local.partners["acme"].closed == 1


def test_a_changed_file_opens_a_new_connection(local: World) -> None:
    with local.links.use("acme"):
        pass
    local.hash = "v2"
    with local.links.use("acme"):
        pass
    assert (local.partners["acme"].opened, local.partners["acme"].closed) == (2, 1)


def test_a_session_that_failed_is_not_used_again(local: World) -> None:
    with pytest.raises(TemporaryFailure), local.links.use("acme"):
        raise TemporaryFailure("cut off")
    assert local.partners["acme"].closed == 1
    with pytest.raises(Rejected), local.links.use("acme"):
        raise Rejected("no such item")
    assert local.partners["acme"].closed == 1, "a refusal is no fault of the session"


def test_what_is_given_back_after_the_end_is_closed(local: World) -> None:
    with local.links.use("acme"):
        local.links.close()
        assert local.partners["acme"].closed == 0
    assert local.partners["acme"].closed == 1


def test_a_partner_without_a_file_is_named(local: World) -> None:
    assert not local.links.knows("nobody")
    with pytest.raises(NotConnected, match="'nobody'"), local.links.use("nobody"):
        pass
    with pytest.raises(NotConnected):
        local.links.limiter("nobody")


def test_all_threads_of_an_account_share_one_pace(local: World) -> None:
    limiters: list[Limiter] = []
    threads = [threading.Thread(target=lambda: limiters.append(local.links.limiter("acme"))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(map(id, limiters))) == 1


def test_a_stopping_hub_hurries_every_pace(local: World) -> None:
    local.pace = Pace(1, 1)
    local.links = local.new_links()
    limiter = local.links.limiter("acme")
    limiter.pause(60)
    local.links.hurry(0)
    with pytest.raises(Exception, match="stopping"):
        limiter.acquire()


def test_secrets_of_the_settings_are_taken_out_of_texts(local: World) -> None:
    assert local.links.redact("acme", f"login with {SECRET} failed") == "login with <secret:password> failed"
    assert local.links.redact("nobody", "as it is") == "as it is"


def test_kinds_that_share_a_settings_model_are_told_apart_by_the_connection(local: World) -> None:
    class Shared(BaseModel):
        pass

    plugins = {name: FakePlugin(About(name, "", Shared), local.partners) for name in ("fake", "other")}
    profile = Profile(Partner(code="acme", role=Role.SUPPLIER), Shared())
    links = Links(local.store, plugins, lambda _code: profile, local.clock)
    assert links.about("acme").name == "fake"
    with local.store.write() as tx:
        connections.ensure(tx, "acme", "other", "v2", local.clock.now())
    assert links.about("acme").name == "other"
    with pytest.raises(NotConnected):
        links.about("unknown to the store")


def test_a_connector_may_remember_small_things(world: World) -> None:
    with world.links.use("acme") as connector:
        assert isinstance(connector, FakeConnector)
        context = connector.context
        assert context.recall("token") is None
        context.remember("token", "one")
        context.remember("token", "two")
        assert context.recall("token") == "two"
        context.checkpoint("anything")
    assert world.passed == ["anything"]
    other = ConnectionContext(world.store, "bolt", world.clock, world.links.limiter("acme"), lambda _name: None)
    assert other.recall("token") is None


def test_a_note_stands_in_the_ledger_before_it_returns(world: World) -> None:
    world.enqueue("PO1")
    with world.links.use("acme") as connector:
        assert isinstance(connector, FakeConnector)
        connector.context.note("PO1", "uploading PO1.tmp")
    assert world.get("PO1").note == "uploading PO1.tmp"


def test_an_idle_context_keeps_nothing(local: World) -> None:
    context = IdleContext(local.clock)
    context.remember("a", "b")
    context.note("a", "b")
    context.checkpoint("a")
    context.limiter.acquire()
    assert context.recall("a") is None
