"""Pages from templates: what every one of them has, and how values are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from hub import span
from hub.model.number import plain
from hub.store.delivery_row import NEVER
from hub.web.console.access import Role, Visitor

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: How a state is coloured: something is wrong, it is under way, it is well.
_TONES: Mapping[str, str] = {
    **dict.fromkeys(("stuck", "unfillable", "rejected", "parked", "failed", "held", "paused", "down"), "bad"),
    **dict.fromkeys(("backordered", "blocked", "unknown", "waiting", "observe", "quarantined", "queued"), "warn"),
    **dict.fromkeys(
        ("shipped", "delivered", "closed", "confirmed", "done", "live", "approved", "invoiced", "applied"), "good"
    ),
    **dict.fromkeys(("cancelled", "superseded"), "off"),
}


def page(template: str, visitor: Visitor | None, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a page; `values` are what its template names."""
    shown = {"visitor": visitor, "may_act": visitor is not None and visitor.role >= Role.OPERATOR}
    shown["may_open"] = visitor is not None and visitor.role >= Role.ADMIN
    return HTMLResponse(_environment().get_template(template).render(**shown, **values), status, headers=_HEADERS)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("hub.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "moment": moment,
        "age": age,
        "number": number,
        "money": money,
        "tone": tone,
        "share": share,
        "words": words,
        "signed": signed,
        "figure": figure,
    }
    made.globals["query"] = query
    return made


def moment(value: object) -> str:
    """Show a time, short and in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC).strftime("%d %b %H:%M") if isinstance(value, datetime) else "\N{EN DASH}"


def age(value: object, now: datetime) -> str:
    """Show how long ago something was, or how soon it will be."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return "\N{EN DASH}"
    if value >= NEVER:
        return "held back"
    gone = now - value
    if abs(gone) < timedelta(seconds=1):
        return "now"
    return span.told(gone) if gone > timedelta() else f"in {span.told(-gone)}"


def number(value: object) -> str:
    """Show a number exactly, a dash where there is none."""
    if value is None:
        return "\N{EN DASH}"
    return plain(value) if isinstance(value, Decimal) else f"{value:,}" if isinstance(value, int) else str(value)


def money(value: object) -> str:
    """Show an amount to the cent; what is exact stays in the JSON."""
    return "\N{EN DASH}" if value in (None, "") else f"{Decimal(str(value)):,.2f}"


def figure(value: object) -> str:
    """Show a count as one and an amount to the cent."""
    exact = Decimal(str(value))
    return f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,.2f}"


def signed(value: object) -> str:
    """Show a difference with its sign."""
    shown = figure(value)
    return shown if shown.startswith("-") or Decimal(str(value)) == 0 else f"+{shown}"


def share(value: object) -> str:
    """Show a share as per cent."""
    return "\N{EN DASH}" if value is None else f"{float(str(value)) * 100:.1f} %"


def tone(state: object) -> str:
    """Return the colour of a state."""
    return _TONES.get(str(state), "")


def words(name: object) -> str:
    """Show a name of ours as words."""
    return str(name).replace("_", " ").replace(".", " ")


def query(given: Mapping[str, Any], **changed: Any) -> str:  # noqa: ANN401 - whatever a filter holds
    """Return the filters of a page as the end of its address, with some changed; what is empty is left out."""
    kept = {name: value for name, value in {**given, **changed}.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else "?"
