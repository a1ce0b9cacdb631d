"""The first schema: datasets, commits, references, their log, the index of small objects, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_datasets.catalog.migrations import no_way_back

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _datasets()
    _commits()
    _references()
    _objects()
    _jobs()


def downgrade() -> None:
    raise no_way_back(revision)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.String, primary_key=True),
        *map(_text, ("owner", "name", "slot", "description", "labels", "default_table", "created_by")),
        _time("created_us"),
        _time("updated_us"),
        _time("deleted_us", nullable=True),
    )
    op.create_index("datasets_by_slot", "datasets", ["owner", "slot"], unique=True)


def _commits() -> None:
    op.create_table(
        "commits",
        *map(_text, ("dataset_id", "id")),
        sa.Column("seq", sa.Integer, nullable=False),
        *map(_text, ("parents", "author")),
        _time("time_us"),
        _text("message"),
        sa.PrimaryKeyConstraint("dataset_id", "id"),
    )
    op.create_index("commits_by_seq", "commits", ["dataset_id", "seq"], unique=True)
    # DuckDB looks nothing up in an index of several columns.
    op.create_index("commits_by_id", "commits", ["id"])


def _references() -> None:
    op.create_table(
        "refs",
        *map(_text, ("dataset_id", "name", "kind")),
        _text("commit_id", nullable=True),
        sa.PrimaryKeyConstraint("dataset_id", "name"),
    )
    op.create_table(
        "ref_log",
        sa.Column("id", sa.String, primary_key=True),
        *map(_text, ("dataset_id", "ref", "kind", "action")),
        *(_text(name, nullable=True) for name in ("old", "new", "target")),
        _text("actor"),
        _time("time_us"),
    )
    op.create_index("ref_log_by_ref", "ref_log", ["dataset_id", "ref", "id"])


def _objects() -> None:
    op.create_table(
        "objects",
        sa.Column("hash", sa.String, primary_key=True),
        _text("pack"),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, primary_key=True),
        _text("kind"),
        _text("dataset_id", nullable=True),
        *map(_text, ("status", "title", "params", "progress")),
        _text("result", nullable=True),
        _text("error", nullable=True),
        _text("created_by"),
        _time("created_us"),
        _time("started_us", nullable=True),
        _time("finished_us", nullable=True),
        _text("holder", nullable=True),
    )
    op.create_index("jobs_by_status", "jobs", ["status"])
