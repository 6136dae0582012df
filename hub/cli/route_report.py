"""The report of a replay as one page of HTML that needs nothing else: figures, charts, and the orders that change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from html import escape

from hub.cli.chart import line, pairs
from hub.services.sourcing.comparison import Comparison, Row, Side

_MOST_ROWS = 200
_MOST_NODES = 15
_MOST_POINTS = 200
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--rule:#d9e0e7;--paper:#fff;--was:#9fb0c1;--becomes:#1467b3;
--good:#17733c;--bad:#a3301f}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa9b8;--rule:#33404d;--paper:#10161c;--was:#566879;
--becomes:#58a6ff;--good:#4cc27b;--bad:#ff8a75}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:1340px;
padding:0 1.5rem}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .6rem}
p.lead,.unit,caption{color:var(--soft)}.unit{font-weight:400}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:.8rem;margin:1.4rem 0}
.card{border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem}.card b{display:block;font-size:1.5rem}
.charts{display:grid;align-items:start;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:1.2rem}
figure{margin:0;border:1px solid var(--rule);border-radius:8px;padding:.8rem 1rem}figcaption{font-weight:600}
svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}.name{text-anchor:end}
.end{text-anchor:end}.figure{fill:var(--soft)!important}.was{fill:var(--was)}.becomes{fill:var(--becomes)}
.axis{stroke:var(--rule)}.saved{fill:none;stroke:var(--becomes);stroke-width:2}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.35rem .6rem;text-align:right;
border-bottom:1px solid var(--rule);white-space:nowrap}th:first-child,td:first-child,td.text,th.text{text-align:left}
.good{color:var(--good)}.bad{color:var(--bad)}.key i{display:inline-block;width:.8em;height:.8em;border-radius:2px;
margin:0 .3em 0 1em}
@media(max-width:640px){body{padding:0 .8rem}figure{overflow-x:auto;padding:.8rem .5rem}svg{min-width:430px}
th,td{padding:.35rem .25rem}.sums td,.sums th{white-space:normal;font-size:.85rem}}
"""


def report(found: Comparison, title: str, told: str) -> str:
    """Return the page; `told` says in one sentence what was replayed by what."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<h1>{escape(title)}</h1><p class="lead">{escape(told)}</p>'
        f"{_cards(found)}<h2>In all</h2>{_totals(found)}"
        '<h2>Charts <span class="key unit"><i style="background:var(--was)"></i>as it was'
        '<i style="background:var(--becomes)"></i>by the new rules</span></h2>'
        f'<div class="charts">{"".join(_charts(found))}</div>{_orders(found)}</body></html>\n'
    )


def _cards(found: Comparison) -> str:
    saved, word = found.saved, "less" if found.saved >= 0 else "more"
    cards = (
        ("orders replayed", f"{len(found.rows):,}", ""),
        ("orders that change", f"{len(found.moved):,}", ""),
        (
            f"{found.currency} {word} on the {found.alike:,} orders of which both send as much",
            f"{abs(saved):,.2f} ({abs(found.saved_percent)} %)",
            _tone(saved),
        ),
        (
            "parcels",
            _signed(found.becomes.parcels - found.was.parcels),
            _tone(found.was.parcels - found.becomes.parcels),
        ),
        (
            "days to the customer",
            _signed(found.becomes.mean_days - found.was.mean_days),
            _tone(found.was.mean_days - found.becomes.mean_days),
        ),
    )
    drawn = "".join(f'<div class="card"><b class="{tone}">{value}</b>{name}</div>' for name, value, tone in cards)
    return f'<div class="cards">{drawn}</div>'


def _totals(found: Comparison) -> str:
    body = "".join(_total(name, was, becomes) for name, was, becomes in found.figures())
    return (
        '<div class="scroll"><table class="sums"><thead><tr><th>figure</th><th>as it was</th><th>by the new rules</th>'
        f"<th>difference</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def _total(name: str, was: Decimal | int, becomes: Decimal | int) -> str:
    change = becomes - was
    return (
        f'<tr><td class="text">{name}</td><td>{_figure(was)}</td><td>{_figure(becomes)}</td>'
        f'<td class="{_tone(-change)}">{_signed(change)}</td></tr>'
    )


def _charts(found: Comparison) -> Iterable[str]:
    was, becomes = found.was, found.becomes
    yield pairs("Units by kind of node", _side_by_side(was.kinds, becomes.kinds), "units")
    busiest = [name for name, _ in (was.nodes + becomes.nodes).most_common(_MOST_NODES)]
    by_node = {name: (float(was.nodes[name]), float(becomes.nodes[name])) for name in busiest}
    yield pairs(f"Units by node, the {len(busiest)} busiest", by_node, "units")
    yield pairs("Parcels of an order", _numbered(was.sizes, becomes.sizes, "parcel"), "orders")
    yield pairs("Days to the customer", _numbered(was.waits, becomes.waits, "day"), "orders")
    yield _saving(found)


def _side_by_side(was: Counter[str], becomes: Counter[str]) -> Mapping[str, tuple[float, float]]:
    return {name: (float(was[name]), float(becomes[name])) for name in sorted(was.keys() | becomes.keys())}


def _numbered(was: Counter[int], becomes: Counter[int], what: str) -> Mapping[str, tuple[float, float]]:
    """Return the counts by number, what is beyond 12 put together."""
    rows: dict[str, tuple[float, float]] = {}
    for number in sorted(was.keys() | becomes.keys()):
        name = f"{number} {what}{'' if number == 1 else 's'}" if number <= 12 else f"more than 12 {what}s"
        old = rows.get(name, (0.0, 0.0))
        rows[name] = old[0] + was[number], old[1] + becomes[number]
    return rows


def _saving(found: Comparison) -> str:
    total, sums = Decimal(0), []
    for row in found.rows:
        total += row.saved
        sums.append(float(total))
    step = max(1, len(sums) // _MOST_POINTS)
    shown = [*sums[:-1:step], *sums[-1:]]
    ends = (f"{found.rows[0].at:%Y-%m-%d}", f"{found.rows[-1].at:%Y-%m-%d}") if found.rows else ("", "")
    return line("Saved so far, order after order", shown, found.currency, ends)


def _orders(found: Comparison) -> str:
    changed = found.moved
    if not changed:
        return "<h2>No order changes</h2>"
    body = "".join(_order(row) for row in changed[:_MOST_ROWS])
    more = f", the {_MOST_ROWS} with the largest difference" if len(changed) > _MOST_ROWS else ""
    return (
        f"<h2>{len(changed):,} orders change{more}</h2><div class='scroll'><table><thead><tr><th>order</th>"
        '<th class="text">rules</th><th class="text">from, as it was</th><th class="text">from, by the new rules</th>'
        "<th>cost</th><th>new cost</th><th>saved</th><th>parcels</th><th>days later</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _order(row: Row) -> str:
    was, becomes = row.was, row.becomes
    return (
        f'<tr><td>{escape(row.order)}</td><td class="text">{escape(becomes.rule_set or "the configuration")}</td>'
        f'<td class="text">{_nodes(was)}</td><td class="text">{_nodes(becomes)}</td>'
        f"<td>{_figure(was.cost)}</td><td>{_figure(becomes.cost)}</td>"
        f'<td class="{_tone(row.saved)}">{_figure(row.saved)}</td><td>{was.parcels} → {becomes.parcels}</td>'
        f"<td>{_signed(row.later_days)}</td></tr>"
    )


def _nodes(side: Side) -> str:
    told = [f"{int(units)} {escape(code)}" for code, units in sorted(side.units.items())]
    if side.missing:
        told.append(f"{side.missing.normalize():f} missing")
    return ", ".join(told) or "nowhere"


def _figure(value: Decimal | int) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _signed(value: Decimal | int) -> str:
    return f"{value:+,}" if isinstance(value, int) else f"{value:+,.2f}"


def _tone(saved: Decimal | int) -> str:
    return "good" if saved > 0 else "bad" if saved < 0 else ""
