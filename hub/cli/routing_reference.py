"""The reference page of routing files, read off the code that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from hub.model.node import Hours
from hub.policy.case import Expected, Shelf
from hub.policy.condition import WORDS
from hub.policy.facts import facts
from hub.policy.rule_set import Answers, Batch, NothingFits
from hub.policy.step import STEPS
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules
from hub.routing.transit import Transit

#: The tables of `[[rules]]` that are records of the model.
_TABLES: Mapping[str, type[BaseModel]] = {
    "routing.transit": Transit,
    "routing.rate_cards": RateCard,
    "batch": Batch,
    "nothing_fits": NothingFits,
    "answers": Answers,
}


def routing_files() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Routing files"
    yield "`routing.toml` beside the configuration, then every `*.toml` of the `routing` folder by name. Each begins"
    yield "with `version = 1`."
    yield from _rules()
    yield from _conditions()
    yield from _workflows()
    yield from _tests()


def _rules() -> Iterator[str]:
    yield "\n## [[rules]]"
    yield "`name`, and what else differs. The first one whose `orders` take an order holds for it."
    yield "\n### routing\nEvery setting of `[routing]` in the configuration; what is not said here is as it is there."
    yield from _fields(RoutingRules)
    for name, model in _TABLES.items():
        yield f"\n### {name}\n{_first(model)}"
        yield from _fields(model)


def _conditions() -> Iterator[str]:
    yield "\n## orders, when"
    yield "A table of conditions; all of them must hold. A value alone asks for it, a list for one of several."
    yield "\n| word | holds when the order's value |\n|---|---|"
    for name, word in WORDS.items():
        yield f"| `{name}` | {word.meaning} |"
    yield "\n| what to ask for | is | meaning |\n|---|---|---|"
    for name, fact in sorted(facts().items()):
        kind = " or ".join(f"`{choice}`" for choice in fact.choices) or fact.shape.value
        meaning = fact.meaning if fact.name == name else f"short for `{fact.name}`"
        yield f"| `{name}` | {kind} | {meaning} |"


def _workflows() -> Iterator[str]:
    yield "\n## [[workflows]]"
    yield "`name`, `orders`, and `steps`, each with `do`, its own settings, and `when`. Every workflow that takes an"
    yield "order holds."
    for name, model in STEPS.items():
        yield f'\n### do = "{name}"\n{_first(model)}'
        if model.model_fields:
            yield from _fields(model)


def _tests() -> Iterator[str]:
    yield "\n## [[tests]]"
    yield "`name`, `at` (the moment; a Monday morning unless said), `order` (any canonical field), `stock` (a list),"
    yield "`expect`. Run by `crossdock route test`, and before a file comes into force."
    yield f"\n### stock\n{_first(Shelf)}"
    yield from _fields(Shelf)
    yield f"\n### expect\n{_first(Expected)}"
    yield from _fields(Expected)
    yield "\n## hours"
    yield "`[nodes.CODE.hours]` of a partner's mapping file, and `hours` of a test's stock. The time zone is the"
    yield f"partner's unless said. {_first(Hours)}"
    yield from _fields(Hours)


def _fields(model: type[BaseModel]) -> Iterator[str]:
    yield "\n| setting | default | meaning |\n|---|---|---|"
    for name, field in model.model_fields.items():
        default = "needed" if field.is_required() else _default(field.get_default(call_default_factory=True))
        yield f"| `{name}` | {default} | {field.description or ''} |"


def _default(value: object) -> str:
    if value is None or value in ((), {}, "", frozenset()):
        return ""
    if isinstance(value, frozenset):
        value = sorted(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _first(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
