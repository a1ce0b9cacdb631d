"""Merges in progress."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_datasets.catalog.migrations import no_way_back

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("dataset_id", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("branch", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("commit_id", sa.String, nullable=False),
        sa.Column("ours", sa.String),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("squash", sa.Boolean, nullable=False),
        sa.Column("resolutions", sa.String, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("updated_us", sa.BigInteger, nullable=False),
    )
    op.create_index("merges_by_dataset", "merges", ["dataset_id"])


def downgrade() -> None:
    raise no_way_back(revision)
