"""Until when a parked record waits for what it is about, before it needs a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was parked before needs a person, as it did."""
    op.add_column("parked_record", sa.Column("waits_until", UtcTime()))


def downgrade() -> None:
    """Drop it; what waited needs a person."""
    op.drop_column("parked_record", "waits_until")
