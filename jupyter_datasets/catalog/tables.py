"""The catalog's tables, one schema for DuckDB and PostgreSQL. Only ``records.py`` files read and write them.

Ids are UUIDv7 text, times BIGINT microseconds UTC, JSON is text. DuckDB gets no foreign keys (an update of a
referenced row fails there); the services check instead.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table

metadata = MetaData()

datasets = Table(
    "datasets",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    # The case-folded name while the dataset lives, its id while it is in the bin: so the name is free at once.
    Column("slot", String, nullable=False),
    Column("description", String, nullable=False),
    Column("labels", String, nullable=False),
    Column("default_table", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger),
    Index("datasets_by_slot", "owner", "slot", unique=True),
)

# A commit that sits in two datasets has a row in each: a page of the log reads one run of rows, and joins nothing.
commits = Table(
    "commits",
    metadata,
    Column("dataset_id", String, nullable=False),
    Column("id", String, nullable=False),
    Column("seq", Integer, nullable=False),
    # Their ids in order, with spaces between.
    Column("parents", String, nullable=False),
    Column("author", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("message", String, nullable=False),
    # The tables and files in which it differs from its first parent; NULL where nobody has looked yet.
    Column("touched", String),
    PrimaryKeyConstraint("dataset_id", "id"),
    Index("commits_by_seq", "dataset_id", "seq", unique=True),
    Index("commits_by_id", "id"),  # DuckDB looks nothing up in an index of several columns
)

refs = Table(
    "refs",
    metadata,
    Column("dataset_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("commit_id", String),
    # Whether it is closed to direct commits; NULL is no, for DuckDB adds no column that is NOT NULL.
    Column("protected", Boolean),
    PrimaryKeyConstraint("dataset_id", "name"),
)

ref_log = Table(
    "ref_log",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("ref", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("action", String, nullable=False),
    Column("old", String),
    Column("new", String),
    # For an undo or redo: the id of the entry that it takes back or plays again.
    Column("target", String),
    # For a rename, which has an entry under each name: the other one.
    Column("other", String),
    Column("actor", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Index("ref_log_by_ref", "dataset_id", "ref", "id"),
)

objects = Table(
    "objects",
    metadata,
    Column("hash", String, primary_key=True),
    Column("pack", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
)

# What nothing needed when housekeeping last looked: segments and files, packs, commits. What is needed again goes.
condemned = Table(
    "condemned",
    metadata,
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "name"),
)

# The versions of other datasets that a commit was made from; ``seq`` is the commit's own number.
lineage = Table(
    "lineage",
    metadata,
    Column("dataset_id", String, nullable=False),
    Column("commit_id", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("input_dataset_id", String, nullable=False),
    Column("input_commit_id", String, nullable=False),
    PrimaryKeyConstraint("dataset_id", "commit_id", "input_dataset_id", "input_commit_id"),
    Index("lineage_by_dataset", "dataset_id"),
    Index("lineage_by_input", "input_dataset_id"),
)

# Merges, reverts and cherry-picks that wait for answers to their conflicts.
merges = Table(
    "merges",
    metadata,
    Column("id", String, primary_key=True),
    Column("dataset_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("branch", String, nullable=False),
    # How the other side was named, and its commit; and where the branch was when the conflicts were looked at.
    Column("source", String, nullable=False),
    Column("commit_id", String, nullable=False),
    Column("ours", String),
    Column("message", String, nullable=False),
    Column("squash", Boolean, nullable=False),
    Column("resolutions", String, nullable=False),
    Column("created_by", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Index("merges_by_dataset", "dataset_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("dataset_id", String),
    Column("status", String, nullable=False),
    Column("title", String, nullable=False),
    Column("params", String, nullable=False),
    Column("progress", String, nullable=False),
    Column("result", String),
    Column("error", String),
    Column("created_by", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("finished_us", BigInteger),
    # Which process runs it ("host:pid:start"), so that the next one to open the store can tell that it died.
    Column("holder", String),
    Index("jobs_by_status", "status"),
)
