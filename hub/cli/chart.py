"""Charts as inline SVG: two ways side by side as bars, and one line over time. Nothing is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH = 640
_LABEL = 170
_ROW = 34
_BAR = 12


def pairs(title: str, values: Mapping[str, tuple[float, float]], unit: str) -> str:
    """Return a chart of two bars for each name: as it was above, as it becomes below."""
    most = max((max(pair) for pair in values.values()), default=0) or 1
    scale = (_WIDTH - _LABEL - 90) / most
    rows = [_pair(number, name, pair, scale) for number, (name, pair) in enumerate(values.items())]
    height = max(1, len(values)) * _ROW + 8
    return _figure(title, unit, height, "".join(rows))


def _pair(number: int, name: str, pair: tuple[float, float], scale: float) -> str:
    top = number * _ROW + 6
    label = escape(name if len(name) <= 24 else f"{name[:23]}…")
    bars = "".join(
        f'<rect class="{kind}" x="{_LABEL}" y="{top + place * (_BAR + 1)}" width="{max(value * scale, 0):.1f}" '
        f'height="{_BAR}" rx="2"/><text class="figure" x="{_LABEL + max(value * scale, 0) + 6:.1f}" '
        f'y="{top + place * (_BAR + 1) + 10}">{_short(value)}</text>'
        for place, (kind, value) in enumerate(zip(("was", "becomes"), pair, strict=True))
    )
    return (
        f'<g><title>{escape(name)}</title><text class="name" x="{_LABEL - 8}" y="{top + 16}">{label}</text>{bars}</g>'
    )


def line(title: str, values: Sequence[float], unit: str, ends: tuple[str, str]) -> str:
    """Return a line through evenly spaced values, with zero marked and the last value written out."""
    height, room = 220, _WIDTH - 100
    low, high = min((*values, 0.0)), max((*values, 0.0))
    span = (high - low) or 1.0
    points = [
        (40 + place * room / max(1, len(values) - 1), 10 + (high - value) * (height - 50) / span)
        for place, value in enumerate(values)
    ]
    zero = 10 + high * (height - 50) / span
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    last = points[-1] if points else (40.0, zero)
    return _figure(
        title,
        unit,
        height,
        f'<line class="axis" x1="40" x2="{40 + room}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        f'<polyline class="saved" points="{drawn}"/>'
        f'<text class="figure" x="{last[0] + 6:.1f}" y="{last[1] + 4:.1f}">{_short(values[-1] if values else 0)}</text>'
        f'<text class="figure" x="40" y="{height - 8}">{escape(ends[0])}</text>'
        f'<text class="figure end" x="{40 + room}" y="{height - 8}">{escape(ends[1])}</text>',
    )


def _figure(title: str, unit: str, height: int, drawn: str) -> str:
    return (
        f'<figure><figcaption>{escape(title)} <span class="unit">{escape(unit)}</span></figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">{drawn}</svg></figure>'
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"
