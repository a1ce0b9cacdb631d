"""Protected branches, renamed references, and what each commit touches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_datasets.catalog.migrations import no_way_back

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refs", sa.Column("protected", sa.Boolean))
    op.add_column("ref_log", sa.Column("other", sa.String))
    # Left empty: what a commit touches is read from the store, which a migration does not know.
    op.add_column("commits", sa.Column("touched", sa.String))


def downgrade() -> None:
    raise no_way_back(revision)
