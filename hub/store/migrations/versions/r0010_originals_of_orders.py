"""Which inbound messages made or changed an order; decisions are found by when they were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index; of what came before nobody knows which order it was about."""
    op.create_table(
        "order_message",
        sa.Column("order_id", sa.String(32), sa.ForeignKey("sales_order.id"), nullable=False),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message.id"), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "message_id", name=op.f("pk_order_message")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_decision_decided_at", "decision", ["decided_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_decision_decided_at", "decision")
    op.drop_table("order_message")
