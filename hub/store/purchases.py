"""Purchase orders, ship orders and the invoices for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    RowMapping,
    Select,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from hub.model.document import Kind
from hub.model.purchase import FulfillmentOrder, Invoice, PurchaseOrder
from hub.model.state import PurchaseState
from hub.store.tables import invoice as invoice_
from hub.store.tables import purchase


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """One document that asks a node to ship, where it stands, and until when the node has to answer and to ship."""

    number: str
    kind: Kind
    partner: str
    node: str
    order_id: str
    state: PurchaseState
    doc: FulfillmentOrder
    acknowledge_by: datetime | None
    ship_by: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One document as it is counted over many: `doc` as it is stored, checked only when it is asked for."""

    number: str
    kind: Kind
    order_id: str
    ship_by: datetime | None
    created_at: datetime
    doc: Mapping[str, Any]

    @property
    def document(self) -> FulfillmentOrder:
        """The document whole."""
        return _document(self.kind, self.doc)


def insert_all(tx: Connection, rows: Sequence[PurchaseRow]) -> None:
    """Write new documents down."""
    tx.execute(insert(purchase), [_values(row) for row in rows])


def get(tx: Connection, number: str) -> PurchaseRow | None:
    """Return the document with our number, or None."""
    row = tx.execute(select(purchase).where(purchase.c.number == number)).mappings().one_or_none()
    return None if row is None else _row(row)


def order_of(tx: Connection, number: str, partner: str) -> str | None:
    """Return our id of the order that a partner's document belongs to; None when the partner has no such document."""
    where = and_(purchase.c.number == number, purchase.c.partner == partner)
    return tx.execute(select(purchase.c.order_id).where(where)).scalar_one_or_none()


def of_order(tx: Connection, order_id: str) -> list[PurchaseRow]:
    """Return the documents of an order, oldest first."""
    query = select(purchase).where(purchase.c.order_id == order_id).order_by(purchase.c.created_at, purchase.c.number)
    return [_row(row) for row in tx.execute(query).mappings()]


def newest_alone(partner: str, limit: int, column: str = "number") -> Select[Any]:
    """Return the statement that finds one column of a partner's newest documents."""
    return _newest(partner, limit, purchase.c[column])


_ASKED = tuple(purchase.c[name] for name in Asked.__slots__)


def newest_of(tx: Connection, partner: str, limit: int) -> list[Asked]:
    """Return a partner's newest documents."""
    return [Asked(row[0], Kind(row[1]), *row[2:]) for row in tx.execute(_newest(partner, limit, *_ASKED))]


def _newest(partner: str, limit: int, *columns: Column[Any]) -> Select[Any]:
    return select(*columns).where(purchase.c.partner == partner).order_by(purchase.c.number.desc()).limit(limit)


def set_state(tx: Connection, number: str, state: PurchaseState, now: datetime) -> None:
    """Write where the document stands; the caller has checked the move."""
    tx.execute(update(purchase).where(purchase.c.number == number).values(state=state.value, updated_at=now))


def silent(tx: Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Return the documents whose answer is overdue, each as (its number, its order), the longest overdue first."""
    query = (
        select(purchase.c.number, purchase.c.order_id)
        .where(purchase.c.state == PurchaseState.ISSUED.value, purchase.c.acknowledge_by < now)
        .order_by(purchase.c.acknowledge_by, purchase.c.number)
        .limit(limit)
    )
    return [(row.number, row.order_id) for row in tx.execute(query)]


def forgive(tx: Connection, number: str, now: datetime) -> bool:
    """Wait for a document's answer and goods without a deadline; false when nothing was overdue."""
    overdue = or_(
        purchase.c.ship_by < now,
        and_(purchase.c.state == PurchaseState.ISSUED.value, purchase.c.acknowledge_by < now),
    )
    values = {
        "ship_by": case((purchase.c.ship_by < now, None), else_=purchase.c.ship_by),
        "acknowledge_by": case((purchase.c.acknowledge_by < now, None), else_=purchase.c.acknowledge_by),
    }
    where = and_(purchase.c.number == number, overdue)
    return bool(tx.execute(update(purchase).where(where).values(**values, updated_at=now)).rowcount)


def count_since(tx: Connection, nodes: Collection[str], since: datetime) -> dict[str, int]:
    """Return how many documents each of these nodes was given since then, withdrawn ones left out."""
    query = (
        select(purchase.c.node, func.count().label("number"))
        .where(
            purchase.c.node.in_(sorted(nodes)),
            purchase.c.created_at >= since,
            purchase.c.state != PurchaseState.CANCELLED.value,
        )
        .group_by(purchase.c.node)
    )
    return {row.node: int(row.number) for row in tx.execute(query)}


# --- invoices --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice of a partner, where it stands, and why."""

    id: int
    partner: str
    invoice_number: str
    purchase_number: str
    doc: Invoice
    state: str
    why: str
    created_at: datetime


def keep_invoice(tx: Connection, partner: str, document: Invoice, state: str, now: datetime) -> InvoiceRow:
    """Store a partner's invoice and return its row."""
    values = {
        "partner": partner,
        "invoice_number": document.invoice_number,
        "purchase_number": document.order_number,
        "doc": document.model_dump(mode="json"),
        "state": state,
        "why": "",
        "created_at": now,
    }
    number = tx.execute(insert(invoice_).values(values).returning(invoice_.c.id)).scalar_one()
    return InvoiceRow(**{**values, "id": int(number), "doc": document})  # type: ignore[arg-type]


def judge_invoice(tx: Connection, number: int, state: str, why: str) -> None:
    """Write where an invoice stands, and why."""
    tx.execute(update(invoice_).where(invoice_.c.id == number).values(state=state, why=why))


def invoice(tx: Connection, number: int) -> InvoiceRow | None:
    """Return an invoice by our own number of it, locked, or None."""
    found = _invoices(tx, select(invoice_).where(invoice_.c.id == number).with_for_update())
    return found[0] if found else None


def invoices_in(tx: Connection, states: Collection[str], limit: int = 1000) -> list[InvoiceRow]:
    """Return the invoices in these states, oldest first."""
    return _invoices(
        tx, select(invoice_).where(invoice_.c.state.in_(sorted(states))).order_by(invoice_.c.id).limit(limit)
    )


def invoices_of(tx: Connection, numbers: Sequence[str]) -> list[InvoiceRow]:
    """Return the invoices for these documents of ours, oldest first."""
    return _invoices(tx, select(invoice_).where(invoice_.c.purchase_number.in_(numbers)).order_by(invoice_.c.id))


def invoice_of(tx: Connection, partner: str, invoice_number: str) -> Invoice | None:
    """Return a partner's invoice by its number, or None."""
    where = and_(invoice_.c.partner == partner, invoice_.c.invoice_number == invoice_number)
    row = tx.execute(select(invoice_.c.doc).where(where)).scalar_one_or_none()
    return None if row is None else Invoice.model_validate(row)


def invoices_for(tx: Connection, numbers: Sequence[str]) -> list[Invoice]:
    """Return the same as documents."""
    return [row.doc for row in invoices_of(tx, numbers)]


def _invoices(tx: Connection, query: Select[Any]) -> list[InvoiceRow]:
    rows = tx.execute(query).mappings()
    return [InvoiceRow(**{**row, "doc": Invoice.model_validate(row["doc"])}) for row in rows]


def _values(row: PurchaseRow) -> dict[str, object]:
    return {
        "number": row.number,
        "kind": row.kind.value,
        "partner": row.partner,
        "node": row.node,
        "order_id": row.order_id,
        "state": row.state.value,
        "doc": row.doc.model_dump(mode="json"),
        "acknowledge_by": row.acknowledge_by,
        "ship_by": row.ship_by,
        "created_at": row.created_at,
        "updated_at": row.created_at,
    }


def _row(row: RowMapping) -> PurchaseRow:
    kind = Kind(row["kind"])
    return PurchaseRow(
        number=row["number"],
        kind=kind,
        partner=row["partner"],
        node=row["node"],
        order_id=row["order_id"],
        state=PurchaseState(row["state"]),
        doc=_document(kind, row["doc"]),
        acknowledge_by=row["acknowledge_by"],
        ship_by=row["ship_by"],
        created_at=row["created_at"],
    )


def _document(kind: Kind, doc: Mapping[str, Any]) -> FulfillmentOrder:
    form = PurchaseOrder if kind is Kind.PURCHASE_ORDER else FulfillmentOrder
    return form.model_validate(doc)
