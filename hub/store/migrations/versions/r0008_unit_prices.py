"""What scarce units were worth in the last batch of each rule set, until its next one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import ExactNumber, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "unit_price",
        sa.Column("rule_set", sa.String(200), nullable=False),
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("worth", ExactNumber(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("rule_set", "node", "sku", name=op.f("pk_unit_price")),
    )
    op.create_index(op.f("ix_unit_price_sku"), "unit_price", ["sku"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("unit_price")
