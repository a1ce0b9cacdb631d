"""The versions of other datasets that commits were made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_datasets.catalog.migrations import no_way_back

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lineage",
        sa.Column("dataset_id", sa.String, nullable=False),
        sa.Column("commit_id", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("input_dataset_id", sa.String, nullable=False),
        sa.Column("input_commit_id", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "commit_id", "input_dataset_id", "input_commit_id"),
    )
    op.create_index("lineage_by_dataset", "lineage", ["dataset_id"])
    op.create_index("lineage_by_input", "lineage", ["input_dataset_id"])


def downgrade() -> None:
    raise no_way_back(revision)
