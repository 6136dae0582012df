"""Places that partners report by themselves (an ERP's locations and vendors)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Json, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "reported_node",
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("code", sa.String(128), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "code", name="pk_reported_node"),
    )


def downgrade() -> None:
    """Forget what was reported; the next reading brings it back."""
    op.drop_table("reported_node")
