"""Currencies by NetSuite's ids: each order is posted, and read, in its own; the rate of exchange is NetSuite's."""

from __future__ import annotations

import re

from connectors.netsuite.settings import NetSuiteSettings
from connectors.netsuite.values import Fields, Unfit, name_of, ref
from hub.contract import Rejected

_CODE = re.compile(r"[A-Z]{3}")


class Currencies:
    """What the currencies of one account are to us; `own` is the one that the partner file says of the account."""

    def __init__(self, settings: NetSuiteSettings, own: str) -> None:
        self._ids, self._own = settings.currencies, own
        self._codes = {id_: code for code, id_ in settings.currencies.items()}

    def id_of(self, currency: str, what: str) -> str | None:
        """Return NetSuite's id of a currency; None for the account's own without one, which is left to NetSuite.

        Rejected for any other that nobody has named: NetSuite would take the amounts for its own currency.
        """
        id_ = self._ids.get(currency)
        if id_ is None and currency != self._own:
            todo = f"add to [connection.currencies] {currency} = NetSuite's internal id of that currency, then rerun"
            raise Rejected(
                f"{what} is in {currency}, and no currency of NetSuite is named for that", todo=todo, code="currency"
            )
        return id_

    def code_of(self, fields: Fields) -> str:
        """Return the currency of a record of theirs, the account's own when it names none.

        While the partner file names no currencies, only a name that is a code tells that it is another one. Unfit for
        one that nobody has named.
        """
        given = ref(fields, "currency")
        id_, name = str(given.get("internalId", "")), name_of(given)
        if id_ in self._codes:
            return self._codes[id_]
        if id_ and name != self._own and (self._codes or _CODE.fullmatch(name)):
            todo = f'add to [connection.currencies] its code, such as EUR = "{id_}", then rerun'
            raise Unfit(f"its currency {name or id_} (internal id {id_}) is none of [connection.currencies]", todo)
        return self._own
