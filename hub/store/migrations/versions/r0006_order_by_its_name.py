"""An order is found by its channel's id alone, without looking through all of them."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_sales_order_channel_order", "sales_order", ["channel_order"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_sales_order_channel_order", "sales_order")
