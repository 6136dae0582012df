"""Orders go through gates and are looked at again by themselves; refusals end; customers are promised a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Json, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what nothing is known of yet."""
    op.add_column("sales_order", sa.Column("gates", Json()))
    op.add_column("sales_order", sa.Column("due_at", UtcTime()))
    op.create_index("ix_sales_order_due_at", "sales_order", ["due_at"])
    op.add_column("allocation", sa.Column("excluded_until", Json()))
    op.add_column("allocation", sa.Column("promised_at", UtcTime()))


def downgrade() -> None:
    """Forget it again."""
    op.drop_column("allocation", "promised_at")
    op.drop_column("allocation", "excluded_until")
    op.drop_index("ix_sales_order_due_at", "sales_order")
    op.drop_column("sales_order", "due_at")
    op.drop_column("sales_order", "gates")
