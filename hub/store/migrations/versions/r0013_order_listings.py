"""Orders of a status or of a channel are read along an index each, newest first, without sorting all of them."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index by status go on with when orders were placed, and add one by channel."""
    op.drop_index("ix_sales_order_status", "sales_order")
    op.create_index("ix_sales_order_of_status", "sales_order", ["status", "placed_at", "id"])
    op.create_index("ix_sales_order_of_channel", "sales_order", ["channel", "status", "placed_at", "id"])


def downgrade() -> None:
    """Go back to the one before."""
    op.drop_index("ix_sales_order_of_channel", "sales_order")
    op.drop_index("ix_sales_order_of_status", "sales_order")
    op.create_index("ix_sales_order_status", "sales_order", ["status"])
