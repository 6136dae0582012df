"""What rules and workflows ask of an order beside its lines: payment, company, gift, how likely a fraud is.

A shop has no field for gifts: themes and apps keep the choice in the order's `note_attributes`, under names of their
own. The usual ones are known here. The risk is told by GraphQL only (`risks`); it stands beside the order.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.shopify.parcel import mappings

Tree = Mapping[str, object]

#: Names of note attributes, without capitals, spaces, dashes and underscores.
_GIFT = frozenset({"gift", "isgift", "giftorder", "orderisagift", "thisisagift", "giftwrap", "giftwrapping"})
_MESSAGE = frozenset({"giftmessage", "giftnote", "giftcardmessage", "giftwrapmessage", "messagetorecipient"})
_NO = frozenset({"", "0", "no", "false", "off", "none", "null"})
_LONGEST = 1_000
#: The worst one counts. An assessment that is under way may still turn out bad; only a high one goes before it.
_LEVELS = ("high", "pending", "medium", "low", "none")
_ADVICE = {"cancel": "high", "investigate": "medium", "accept": "low"}


def facts(order: Tree, risk: object) -> dict[str, object]:
    """Return the canonical fields; empty where the shop is silent."""
    noted = _noted(order)
    message = next((text for name, text in noted.items() if name in _MESSAGE and text), "")
    said = any(text.lower() not in _NO for name, text in noted.items() if name in _GIFT)
    return {
        "payment": _word(order.get("financial_status")),
        "b2b": isinstance(order.get("company"), dict),
        "gift": said or bool(message),
        "gift_message": message[:_LONGEST],
        "risk": _risk(risk),
    }


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _noted(order: Tree) -> dict[str, str]:
    """Return the note attributes by their bare names; whatever is no text or number is nobody's word."""
    rows = mappings(order.get("note_attributes"))
    return {_bare(row.get("name")): str(row.get("value")).strip() for row in rows if _is_said(row.get("value"))}


def _is_said(value: object) -> bool:
    return isinstance(value, (str, int))


def _bare(name: object) -> str:
    return "".join(letter for letter in str(name).lower() if letter not in " -_")


def _risk(told: object) -> str:
    """Return how likely a fraud is: the worst of what was assessed and is advised; empty when nobody asked."""
    if not isinstance(told, dict):
        return ""
    levels = {_word(each.get("riskLevel")) for each in mappings(told.get("assessments"))}
    levels.add(_ADVICE.get(_word(told.get("recommendation")), ""))
    return next((level for level in _LEVELS if level in levels), "")
