"""Counts of deliveries by kind and state, and what is overdue, along an index each, however many there are."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DUE = text("answer_by IS NOT NULL")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_delivery_kind_delivery_state", "delivery", ["kind", "state"])
    op.create_index("ix_delivery_answer_by", "delivery", ["answer_by"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_delivery_answer_by", "delivery")
    op.drop_index("ix_delivery_kind_delivery_state", "delivery")
