"""What stands in routing files, what is wrong with them, and which of it is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from hub.mapping.problem import MappingErrors
from hub.model.node import NodeKind
from hub.policy.library import PolicyFiles, checked_policy
from hub.routing.rules import RoutingRules
from tests.policy.conftest import Write, asked

TWO = """
[[rules]]
name = "wholesale"
orders.b2b = true
routing = { ship_complete = true, only_kinds = ["warehouse"], split_penalty = 3.50 }
batch = { minutes = 10 }
nothing_fits = { then = "hold", days = 14, cancel_after_days = 30, notify = true }
answers = { exclude_days = 7, silence = "reroute" }

[[rules]]
name = "rest"

[[workflows]]
name = "gifts"
orders.gift = true
steps = [{ do = "gift" }, { do = "route", max_splits = 0, when = { value = { above = 100 } } }]
"""


def test_the_first_rule_set_that_takes_an_order_holds_and_lies_over_the_configuration(write: Write) -> None:
    ruling = write(TWO).ruling(asked(b2b=True))
    assert ruling.rule_set.name == "wholesale"
    assert ruling.rules.only_kinds == (NodeKind.WAREHOUSE,)
    assert ruling.rules.split_penalty == Decimal("3.50")
    assert (ruling.nothing_fits.days, ruling.answers.exclude_days) == (14, 7)
    rest = write(TWO).ruling(asked())
    assert (rest.rule_set.name, rest.rules.split_penalty, rest.batch) == ("rest", Decimal(3), None)


def test_a_step_has_conditions_of_its_own_and_changes_the_rules(write: Write) -> None:
    policy = write(TWO)
    cheap, dear = (
        policy.ruling(asked(gift=True)),
        policy.ruling(asked(gift=True, total={"amount": 500, "currency": "USD"})),
    )
    assert (cheap.workflows, cheap.rules.max_splits) == (("gifts",), None)
    assert dear.rules.max_splits == 0
    assert dear.rules.hash != cheap.rules.hash


def test_the_same_rules_are_made_once(write: Write) -> None:
    policy = write(TWO)
    assert policy.ruling(asked()).rules is policy.ruling(asked()).rules


WRONG = """
[[rules]]
name = "x"
orders = { chanel = "shop", value = { form = 3 }, b2b = "yes", method = "pickup", tags = { any = "a" } }
routing = { split_penlty = 3, only_kinds = ["shop"] }
nothing_fits = { then = "backoder" }

[[rules]]
name = "x"

[[workflows]]
name = "y"
steps = [{ do = "hld" }, { do = "hold" }, { do = "wait", minutes = -3 }, { do = "route", max_splitz = 3 }, {}]

[[workflow]]
name = "z"

[[tests]]
order = { lines = [{ sku = "MUG", quantit = 2 }] }
expect = { ruls = "x" }
"""


def test_every_problem_is_said_at_once_with_its_place_and_what_was_meant(problems: Callable[[str], list[str]]) -> None:
    found = problems(WRONG)
    places = (
        ("5:12", "'chanel'; did you mean 'channel'?"),
        ("5:39", "'form'; did you mean 'from'?"),
        ("5:57", "b2b is true or false, and 'yes' is not"),
        ("5:73", "'pickup'; did you mean 'pick_up'?"),
        ("5:98", "any must be a list of values"),
        ("6:13", "'split_penlty'; did you mean 'split_penalty'?"),
        ("6:45", "only_kinds.0: must be 'warehouse'"),
        ("7:25", "then: must be 'backorder', 'hold' or 'cancel'"),
        ("10:8", "'x' is already the name of one in"),
        ("14:17", "do cannot be 'hld'; did you mean 'hold'?"),
        ("14:26", "needs 'why'"),
        ("14:68", "minutes: must be more than zero"),
        ("14:90", "'max_splitz'; did you mean 'max_splits'?"),
        ("14:108", "each step says what to do"),
        ("16:1", "'workflow'; did you mean 'workflows'?"),
        ("20:20", "needs 'lines.0.quantity'"),
        ("21:12", "'ruls'; did you mean 'rules'?"),
    )
    for place, words in places:
        assert any(each.startswith(f"{place}:") and words in each for each in found), (place, words, *found)
    assert len(found) == 18


def test_rules_that_only_clash_with_the_configuration_are_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "routing.toml"
    path.write_text("version = 2\n", "utf-8")
    with pytest.raises(MappingErrors, match="version must be 1"):
        checked_policy([path], RoutingRules())


# --- embedded tests ---------------------------------------------------------------------------------------------------

TESTED = """
[[rules]]
name = "stores"
routing = { keep_back = { store = 2 } }

[[workflows]]
name = "large"
steps = [{ do = "approve", above = 1000 }]

[[tests]]
name = "a store keeps two"
order.lines = [{ sku = "MUG", quantity = 2 }, { sku = "CUP", quantity = 1 }]
stock = [
  { node = "ST", kind = "store", sku = "MUG", quantity = 3, freight = 3 },
  { node = "DC", sku = "MUG", quantity = 3, cost = 2, freight = 5 },
]
expect = { EXPECT }
"""
RIGHT = 'rules = "stores", held = false, nodes = ["DC"], lines = { MUG = ["DC"] }, missing = { CUP = 1 }, cost = 9'


def test_an_embedded_test_routes_by_the_same_engine(problems: Callable[[str], list[str]]) -> None:
    assert problems(TESTED.replace("EXPECT", RIGHT)) == []


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ('rules = "rest"', "rules is 'stores', expected 'rest'"),
        ("held = true", "held is false, expected true"),
        ('nodes = ["ST"]', "nodes is DC, expected ST"),
        ('lines = { MUG = ["ST"] }', "lines.MUG is DC, expected ST"),
        ("missing = { CUP = 2 }", "missing is {CUP = 1}, expected {CUP = 2}"),
        ("parcels = 2", "parcels is 1, expected 2"),
        ("cost = 8.50", "cost is 9, expected 8.5"),
        ('workflows = ["small"]', "workflows is large, expected small"),
        ('nothing_fits = "hold"', "nothing_fits is 'backorder', expected 'hold'"),
    ],
)
def test_a_test_that_fails_says_how(problems: Callable[[str], list[str]], expect: str, words: str) -> None:
    (found,) = problems(TESTED.replace("EXPECT", expect))
    assert found == f"11:1: test 'a store keeps two': {words}"


def test_a_promise_of_a_day_lasts_until_its_end_in_a_test_too(problems: Callable[[str], list[str]]) -> None:
    text = """
[[rules]]
name = "hard"
routing = { keep_promise = true, transit = [{ days = 1 }] }

[[tests]]
name = "a day"
at = 2026-11-30T10:00:00Z
order = { promise_by = 2026-12-01T00:00:00Z, lines = [{ sku = "MUG", quantity = 1 }] }
stock = [{ node = "DC", sku = "MUG", quantity = 3, km = 100 }]
expect = { nodes = ["DC"], arrives = 2026-12-01 }
"""
    assert problems(text) == []


def test_the_usual_hours_hold_in_a_test_that_says_them(problems: Callable[[str], list[str]]) -> None:
    """Hours that are all as they are by default were taken for none, and the node for one that works always."""
    text = """
[[tests]]
name = "a Saturday"
at = 2026-11-28T10:00:00Z
order.lines = [{ sku = "MUG", quantity = 1 }]
stock = [{ node = "DC", sku = "MUG", quantity = 3, km = 1, hours = { timezone = "UTC", cut_off = "15:00" } }]
expect = { arrives = 2026-11-30 }
"""
    assert problems(text) == []


def test_a_test_without_stock_does_not_pass_whatever_it_expects(problems: Callable[[str], list[str]]) -> None:
    text = """
[[tests]]
name = "no stock"
order.lines = [{ sku = "MUG", quantity = 1 }]
expect = { nodes = ["DC"], missing = { MUG = 1 }, arrives = 2026-11-30, removed = { DC = "promise" } }
"""
    (found,) = problems(text)
    assert found == (
        "3:1: test 'no stock': nodes is none, expected DC; arrives is 'never', expected 2026-11-30; "
        "removed.DC is 'none', expected 'promise'"
    )


def test_a_line_of_which_nothing_is_wanted_any_more_is_not_asked_for(problems: Callable[[str], list[str]]) -> None:
    text = """
[[tests]]
name = "one of two"
order.lines = [{ sku = "MUG", quantity = 0 }, { sku = "CUP", quantity = 1 }]
stock = [{ node = "DC", sku = "CUP", quantity = 3 }]
expect = { nodes = ["DC"], missing = {} }
"""
    assert problems(text) == []


def test_stock_that_is_said_twice_is_told_with_its_place(problems: Callable[[str], list[str]]) -> None:
    row = '{ node = "DC", sku = "CUP", quantity = 3 }'
    text = f"""
[[tests]]
name = "twice"
order.lines = [{{ sku = "CUP", quantity = 1 }}]
stock = [
  {row},
  {row},
]
expect = {{ nodes = ["DC"] }}
"""
    assert problems(text) == ["8:3: DC has CUP in a row above; add its stock up"]


# --- in force ---------------------------------------------------------------------------------------------------------


def some_rules(name: str) -> str:
    return f'version = 1\n[[rules]]\nname = "{name}"\n'


@pytest.fixture
def files(tmp_path: Path) -> PolicyFiles:
    (tmp_path / "routing").mkdir()
    return opened(tmp_path)


def opened(folder: Path) -> PolicyFiles:
    return PolicyFiles(folder / "routing.toml", folder / "routing", RoutingRules(), folder / "kept")


def in_force(files: PolicyFiles) -> str:
    return files.policy.ruling(asked()).rule_set.name


def test_the_file_beside_the_configuration_counts_before_those_of_the_folder(files: PolicyFiles) -> None:
    (files.folder / "b.toml").write_text(some_rules("b"))
    (files.folder / "a.toml").write_text(some_rules("a"))
    files.look()
    assert [each.name for each in files.policy.rule_sets] == ["a", "b"]
    files.beside.write_text(some_rules("own"))
    files.look()
    assert in_force(files) == "own"


def test_no_files_at_all_leave_the_configuration_in_force(files: PolicyFiles) -> None:
    assert files.look() is None
    assert (in_force(files), files.policy.hash) == ("", "")


def test_a_broken_file_leaves_the_last_good_ones_in_force_and_is_told_once(files: PolicyFiles) -> None:
    files.beside.write_text(some_rules("good"))
    files.look()
    (files.folder / "bad.toml").write_text("version = 1\n[[rulez]]\n")
    look = files.look()
    assert look is not None
    assert "did you mean 'rules'?" in str(look.problems[0])
    assert files.look() is None
    assert in_force(files) == "good"
    (files.folder / "bad.toml").unlink()
    assert files.look() is None  # the same as before, and nothing wrong with it
    assert files.problems == ()


def test_a_restart_with_a_broken_file_goes_on_by_the_last_good_one(files: PolicyFiles, tmp_path: Path) -> None:
    files.beside.write_text(some_rules("good"))
    files.look()
    hash_before = files.policy.hash
    files.beside.write_text("nonsense")
    again = opened(tmp_path)
    look = again.look()
    assert look is not None
    assert look.problems
    assert (in_force(again), again.policy.hash) == ("good", hash_before)


def test_files_that_were_never_sound_do_not_let_orders_be_routed_by_no_rules(files: PolicyFiles) -> None:
    files.beside.write_text("nonsense")
    for _ in range(2):
        with pytest.raises(MappingErrors, match=r"routing\.toml:1:"):
            files.look()


def test_a_file_that_is_replaced_within_the_same_second_is_seen(files: PolicyFiles, tmp_path: Path) -> None:
    files.beside.write_text(some_rules("one"))
    os.utime(files.beside, ns=(1, 1))
    files.look()
    (tmp_path / "new").write_text(some_rules("two"))
    os.utime(tmp_path / "new", ns=(1, 1))
    (tmp_path / "new").replace(files.beside)
    files.look()
    assert in_force(files) == "two"


def test_other_rules_in_the_configuration_reach_the_rule_sets(files: PolicyFiles) -> None:
    files.beside.write_text(some_rules("one"))
    files.look()
    files.rebase(RoutingRules(max_splits=1))
    files.look()
    assert files.policy.ruling(asked()).rules.max_splits == 1


def test_files_that_cannot_be_put_aside_come_into_force_and_are_put_aside_later(tmp_path: Path) -> None:
    (tmp_path / "routing.toml").write_text("version = 1\n", "utf-8")
    (tmp_path / "kept.new").write_text("no folder can be made here, as on a full disk", "utf-8")
    (tmp_path / "kept.new").chmod(0o400)
    files = PolicyFiles(tmp_path / "routing.toml", tmp_path / "routing", RoutingRules(), tmp_path / "kept")
    files.look()
    assert not (tmp_path / "kept").exists()
    (tmp_path / "kept.new").unlink()
    files.look()
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["0000-routing.toml"]
