"""What was shipped since a figure of stock is found along an index, not among all that was ever shipped of a SKU."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SHIPS_LATER = text("shipped_at > updated_at")
_BEFORE, _NOW = ["node", "sku", "state"], ["node", "sku", "state", "updated_at"]


def upgrade() -> None:
    """Carry the time of the last change in the index, and add one for what ships later than that."""
    op.drop_index("ix_allocation_node_allocation_sku_allocation_state", "allocation")
    op.create_index("ix_allocation_bound", "allocation", _NOW)
    op.create_index(
        "ix_allocation_ships_later",
        "allocation",
        ["node", "sku", "state", "shipped_at"],
        sqlite_where=_SHIPS_LATER,
        postgresql_where=_SHIPS_LATER,
    )


def downgrade() -> None:
    """Put back what was."""
    op.drop_index("ix_allocation_ships_later", "allocation")
    op.drop_index("ix_allocation_bound", "allocation")
    op.create_index("ix_allocation_node_allocation_sku_allocation_state", "allocation", _BEFORE)
