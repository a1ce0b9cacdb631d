"""Changes of a schema: another root over the same segments, whose rows read as they should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import AlreadyExistsError, DatasetsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.schema_changes import empty_root
from jupyter_datasets.store import altering
from jupyter_datasets.store.canonical import FORMAT
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.roots import Check, TableRoot
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.trees import EMPTY
from tests.store.worlds import Made, write

DEFAULTS = {
    "TINYINT": "5",
    "UBIGINT": "18446744073709551615",
    "HUGEINT": "123456789012345678901234567890",
    "BIGNUM": "123",
    "DECIMAL(5,2)": "1.50",
    "DOUBLE": "0.1",
    "BOOLEAN": "true",
    "VARCHAR": "it's; --",
    "DATE": "2020-01-02",
    "TIMETZ": "01:02:03+02",
    "TIMESTAMP_S": "2020-01-02 03:04:05",
    "TIMESTAMP_MS": "2020-01-02 03:04:05.123",
    "TIMESTAMPTZ": "2020-01-02 01:04:05+00",
    "UUID": "00000000-0000-0000-0000-000000000001",
    "JSON": '{"a": 1}',
    "ENUM('a','b')": "b",
}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return write(pa.table({"n": pa.array([1, 2], pa.int32()), "s": ["a", "b"]}), tmp_path)


def _read(made: Made, schema: Schema) -> list[dict[str, Any]]:
    return list(OrderedReader(schema).table(made.pieces).to_pylist())


def test_what_is_not_declared_leaves_no_trace_in_a_root() -> None:
    """A table without rules, comments and units has the text, and so the name, that it had before there were any."""
    root = replace(empty_root(Schema.create([Column(name="n", type="BIGINT")])), writer="w", chunker="c")
    assert json.loads(root.encode()) == {
        "chunker": "c",
        "cut": [1],
        "format": FORMAT,
        "k": 0,
        "key": [],
        "kind": "table",
        "rows": 0,
        "schema": {"fields": [{"birth": "n", "id": 1, "name": "n", "type": "BIGINT"}], "next_id": 2},
        "tree": EMPTY.to_json(),
        "writer": "w",
    }


def test_a_root_with_all_of_it_is_read_again() -> None:
    """Rules, comments and units survive the canonical text."""
    schema = Schema.create([Column(name="a", type="BIGINT"), Column(name="b", type="VARCHAR")])
    schema = altering.required(altering.described(schema, "b", "what", "m/s"), ["a"], value=True)
    root = replace(empty_root(schema), unique=((1, 2), (2,)), checks=(Check(name="c", expression="a > 0"),))
    assert TableRoot.from_json(json.loads(root.encode())) == root


@pytest.mark.parametrize(("kind", "text"), DEFAULTS.items(), ids=DEFAULTS)
def test_rows_there_are_have_the_default_of_a_new_column(made: Made, kind: str, text: str) -> None:
    """A value of any single type is the same read from a segment that lacks the column, and written into one."""
    schema = altering.added(made.schema, Column(name="d", type=kind), default=text, has_rows=True)
    (field,) = schema.fields[2:]
    assert (field.default, field.nullable) == (text, False)
    written = write(pa.table({"d": [text]}), made.folder.parent, schema=Schema.create([Column(name="d", type=kind)]))
    assert _read(made, schema)[1]["d"] == _read(written, written.schema)[0]["d"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("INTEGER", "x"), ("HUGEINT", "9" * 39), ("INTEGER[]", "[1]"), ("BLOB", "a"), ("INTERVAL", "1 day")),
        *(("INTEGER", "1.5"), ("DECIMAL(4,2)", "1.239"), ("FLOAT", "16777217"), ("DOUBLE", "1e400")),
        *(("DATE", "2020-01-01 12:00:00"), ("TIMESTAMP_MS", "2020-01-01 00:00:00.123456")),
        *(("TIMESTAMP", "2020-01-01 00:00:00.1234567"), ("TIME", "12:00:00.1234567")),
    ],
)
def test_a_default_that_cannot_be_kept_is_refused(made: Made, kind: str, text: str) -> None:
    """No value of its type, none that it holds exactly or a segment takes, or of a type whose text is not its value."""
    with pytest.raises(InvalidInputError, match="default"):
        altering.added(made.schema, Column(name="d", type=kind), default=text, has_rows=True)


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        *(("INTEGER", " 3.0", "3"), ("INTEGER", "0xff", "255"), ("DECIMAL(4,2)", "1.250", "1.25")),
        *(("DOUBLE", "0.1", "0.1"), ("DOUBLE", "nan", "nan"), ("DATE", "infinity", "infinity")),
        *(("DATE", "2020-01-01 00:00:00", "2020-01-01"), ("TIMESTAMP_MS", "290000-01-01", "290000-01-01 00:00:00")),
    ],
)
def test_another_spelling_of_a_value_is_a_default(made: Made, kind: str, text: str, kept: str) -> None:
    """It is kept as DuckDB writes it."""
    schema = altering.added(made.schema, Column(name="d", type=kind), default=text, has_rows=True)
    assert schema.field("d").default == kept


def test_a_dropped_name_may_come_again_as_another_column(made: Made) -> None:
    """The new column has its own id and shows nothing of the old one's values."""
    schema = altering.added(
        altering.dropped(made.schema, "s"), Column(name="s", type="VARCHAR"), default=None, has_rows=True
    )
    assert [f.id for f in schema.fields] == [1, 3]
    assert _read(made, schema) == [{"n": 1, "s": None}, {"n": 2, "s": None}]


def test_names_may_be_exchanged(made: Made) -> None:
    """Values follow their columns, whatever those are called and were called before."""
    schema = altering.renamed(made.schema, "n", "x")
    schema = altering.renamed(altering.renamed(schema, "s", "n"), "x", "s")
    schema = altering.renamed(schema, "n", "N")
    assert _read(made, schema) == [{"s": 1, "N": "a"}, {"s": 2, "N": "b"}]


@pytest.mark.parametrize("kind", ["BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(12,2)", "VARCHAR"])
def test_widening_keeps_every_value(made: Made, kind: str) -> None:
    """Segments are read as the wider type, and a default stays the same value."""
    wider = altering.widened(made.schema, "n", kind)
    assert [str(row["n"]).removesuffix(".00").removesuffix(".0") for row in _read(made, wider)] == ["1", "2"]
    schema = altering.added(made.schema, Column(name="f", type="FLOAT"), default="0.1", has_rows=True)
    assert _read(made, altering.widened(schema, "f", "DOUBLE"))[0]["f"] == _read(made, schema)[0]["f"]


@pytest.mark.parametrize(
    ("kind", "to"),
    [
        ("BIGINT", "INTEGER"),
        ("BIGINT", "DOUBLE"),
        ("DOUBLE", "VARCHAR"),
        ("DECIMAL(4,2)", "VARCHAR"),
        ("INT[]", "BIGINT[]"),
    ],
)
def test_what_needs_a_rewrite_is_no_widening(kind: str, to: str) -> None:
    """A type that loses, rounds, or gives other texts for old segments is refused, with the way out."""
    schema = Schema.create([Column(name="n", type=kind)])
    with pytest.raises(InvalidInputError, match="UPDATE") as caught:
        altering.widened(schema, "n", to)
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH


REFUSED = {
    "a name that is taken": (lambda s: altering.renamed(s, "n", "S"), AlreadyExistsError),
    "a new name that is taken": (
        lambda s: altering.added(s, Column(name="N", type="INT"), default=None, has_rows=False),
        AlreadyExistsError,
    ),
    "no name": (lambda s: altering.renamed(s, "n", ""), InvalidInputError),
    "a name with NUL": (lambda s: altering.renamed(s, "n", "a\0"), InvalidInputError),
    "an unknown column": (lambda s: altering.dropped(s, "nn"), NotFoundError),
    "the only column": (lambda s: altering.dropped(altering.dropped(s, "n"), "s"), InvalidInputError),
    "no type": (lambda s: altering.widened(s, "n", "nonsense"), InvalidInputError),
    "a type that cannot be stored": (
        lambda s: altering.added(s, Column(name="u", type="UNION(a INT)"), default=None, has_rows=False),
        InvalidInputError,
    ),
}


@pytest.mark.parametrize(("change", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(made: Made, change: Any, error: type[DatasetsError]) -> None:
    """Names stay unique and storable, types known, and a table has a column."""
    with pytest.raises(error):
        change(made.schema)


def test_joining_rows_may_bring_columns_and_wider_types_where_asked(made: Made) -> None:
    """The schema evolves, says how, and refuses what would write old rows anew."""
    columns = [Column(name="n", type="BIGINT"), Column(name="x", type="DATE")]
    grown = altering.evolved(made.schema, columns, has_rows=True)
    assert [(f.name, f.type, f.nullable) for f in grown.fields] == [
        ("n", "BIGINT", False),
        ("s", "VARCHAR", False),
        ("x", "DATE", True),
    ]
    assert [line[:10] for line in altering.evolution(made.schema, grown)] == ["Column 'n'", "Column 'x'"]
    assert altering.misfits(made.schema, columns) == {
        "n": "is BIGINT and not INTEGER",
        "s": "is missing",
        "x": "is not in the table",
    }
    with pytest.raises(InvalidInputError, match="widened"):
        altering.evolved(made.schema, [Column(name="s", type="BLOB")], has_rows=True)
