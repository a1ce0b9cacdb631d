"""What housekeeping found that nothing needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_datasets.catalog.migrations import no_way_back

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "condemned",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("since_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name"),
    )


def downgrade() -> None:
    raise no_way_back(revision)
