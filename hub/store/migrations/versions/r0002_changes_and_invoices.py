"""Until when a node has to answer a change that asks a quantity back; what was found of an invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; invoices that are there count as approved, as they did."""
    op.add_column("allocation", sa.Column("recall_by", UtcTime()))
    op.add_column("invoice", sa.Column("state", sa.String(16), nullable=False, server_default="approved"))
    op.add_column("invoice", sa.Column("why", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_invoice_state", "invoice", ["state"])


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("ix_invoice_state", "invoice")
    op.drop_column("invoice", "why")
    op.drop_column("invoice", "state")
    op.drop_column("allocation", "recall_by")
