"""Which API versions the shop serves: each quarterly one for a year; a retired one falls forward, without a word."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: The newest version, and calls of REST that are on their way out in every version.
NEWEST = "2026-07"
_GOING = re.compile(r"/(products|variants)(/[0-9]+)?(/variants)?\.json")
_WHY = "https://shopify.dev/changelog/deprecating-rest-products"


def served(asked: str) -> str:
    """Return the version that answers: the one asked for, or the oldest of the last year's when that is retired."""
    year, quarter = NEWEST.split("-")
    return max(asked, f"{int(year) - 1}-{quarter}")


def about(asked: str, path: str) -> Mapping[str, str]:
    """Return the headers that tell of it; `path` is below the version."""
    headers = {"X-Shopify-API-Version": served(asked)}
    return headers | ({"X-Shopify-API-Deprecated-Reason": _WHY} if _GOING.fullmatch(path) else {})
