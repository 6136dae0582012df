"""Items, customers and vendors as orders need them: looked up by our names, a customer made when there is none."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.netsuite.codes import AlreadyThere
from connectors.netsuite.draft import Buyer
from connectors.netsuite.gateway import Entry, Gateway, Wanted
from connectors.netsuite.settings import ItemKey, NetSuiteSettings
from hub.contract import ConnectorError, Rejected

#: A search that is to find one may bring so many, so that several are told from one.
_FEW = 5


class Masters:
    """The master records of one account, remembered as long as the connection is open."""

    def __init__(self, gateway: Gateway, settings: NetSuiteSettings) -> None:
        self._gateway, self._settings = gateway, settings
        self._items: dict[str, str] = {}
        self._vendors: dict[str, str] = {}

    def item(self, sku: str) -> Mapping[str, str]:
        """Return a reference to the item of a SKU; Rejected when there is none or more than one."""
        if self._settings.item_key is ItemKey.EXTERNAL_ID:
            return {"externalId": sku}
        if sku not in self._items:
            found = self._gateway.search(Wanted("Item", size=_FEW, names=(sku,))).records
            if len(found) != 1:
                todo = "make the item in NetSuite or correct its name, then rerun"
                what = f"{len(found)} items in NetSuite are called {sku}" if found else f"NetSuite has no item {sku}"
                raise Rejected(what, todo=todo, code="item")
            self._items[sku] = found[0].id
        return {"internalId": self._items[sku]}

    def vendor(self, supplier: str) -> str:
        """Return the vendor whose external id or entity id is our code of a supplier; Rejected when nobody is."""
        if supplier not in self._vendors:
            (found,) = self._gateway.get("Vendor", [supplier], external=True)
            rows = [found] if found else list(self._gateway.search(Wanted("Vendor", size=_FEW, code=supplier)).records)
            if len(rows) != 1:
                todo = f"add to [connection.vendors] {supplier} = the vendor's internal id"
                raise Rejected(f"supplier {supplier} is no vendor of NetSuite", todo=todo, code="vendor")
            self._vendors[supplier] = rows[0].id
        return self._vendors[supplier]

    def customer(self, buyer: Buyer, order: str) -> str:
        """Return the customer with the buyer's e-mail address, made when there is none.

        Whoever is made carries an external id of that address, so that two orders at one time make one customer.
        """
        wanted = Wanted("Customer", size=_FEW, email=buyer.email, subsidiary=self._settings.subsidiary or "")
        found = sorted(self._gateway.search(wanted).records, key=lambda each: int(each.id))
        if found:
            return found[0].id  # of several the oldest, always
        entry = Entry("Customer", f"{self._settings.prefix}customer:{buyer.email.lower()}", self._described(buyer))
        (outcome,) = self._gateway.upsert([entry])
        if isinstance(outcome, AlreadyThere):
            todo = f"give that customer the address {buyer.email} in NetSuite, then rerun"
            raise Rejected(f"the customer of {order} is there under another address: {outcome.what}", todo=todo)
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def _described(self, buyer: Buyer) -> Mapping[str, object]:
        first, _, last = buyer.name.strip().rpartition(" ")
        company = buyer.company.strip()
        fields: dict[str, object] = {
            "isPerson": not company,
            "firstName": first[:32] or None,
            "lastName": last[:32] or None,
            "companyName": company[:83] or None,
            "email": buyer.email,
            "subsidiary": self._settings.subsidiary,
            "currency": buyer.currency or None,
        }
        if not company and not last:
            fields["lastName"] = buyer.email.partition("@")[0][:32]
        return {name: value for name, value in fields.items() if value is not None}
