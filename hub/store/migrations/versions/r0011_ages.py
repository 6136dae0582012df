"""How long a line has lacked a source, whatever news came since; and the newest feed of each flow along an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE, _NOW = ["connection", "document"], ["connection", "document", "started_at"]


def upgrade() -> None:
    """Take the last change for it where nothing better is known."""
    op.add_column("allocation", sa.Column("stuck_since", UtcTime()))
    op.execute(sa.text("UPDATE allocation SET stuck_since = updated_at WHERE state IN ('backordered', 'unfillable')"))
    op.drop_index("ix_feed_connection_feed_document", "feed")
    op.create_index("ix_feed_connection_feed_document_feed_started_at", "feed", _NOW)


def downgrade() -> None:
    """Put back what was."""
    op.drop_index("ix_feed_connection_feed_document_feed_started_at", "feed")
    op.create_index("ix_feed_connection_feed_document", "feed", _BEFORE)
    op.drop_column("allocation", "stuck_since")
