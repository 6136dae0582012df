"""What the console's pages are read along: orders by when they were placed, documents by partner."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_sales_order_placed_at_sales_order_id", "sales_order", ["placed_at", "id"])
    op.drop_index("ix_purchase_partner", "purchase")
    op.create_index("ix_purchase_partner_purchase_number", "purchase", ["partner", "number"])


def downgrade() -> None:
    """Go back to the ones before."""
    op.drop_index("ix_purchase_partner_purchase_number", "purchase")
    op.create_index("ix_purchase_partner", "purchase", ["partner"])
    op.drop_index("ix_sales_order_placed_at_sales_order_id", "sales_order")
