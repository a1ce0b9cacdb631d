"""Which types there are, which can be stored, and which holds the values of two."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import forms
from jupyter_datasets.store import logical as kinds
from tests.store.type_samples import SAMPLES, World, connect


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("int", "INTEGER"),
        ("numeric(18, 3)", "DECIMAL(18,3)"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("varchar(10)[]", "VARCHAR[]"),
        ("struct(a int, \"b\"\"c\" enum('it''s', 'y'))", "STRUCT(a INTEGER, \"b\"\"c\" ENUM('it''s', 'y'))"),
    ],
)
def test_normalise(text: str, canonical: str) -> None:
    """Aliases and spacing go; the canonical text is its own canonical text."""
    assert kinds.normalise(text) == canonical
    assert kinds.normalise(canonical) == canonical


@pytest.mark.parametrize(
    "text", ["", "no such type", "INTEGER) x; SELECT (1", "DECIMAL(39,0)", "INTEGER" + "[]" * 2000]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    """Text that DuckDB does not read as a type is an error of the input."""
    with pytest.raises(InvalidInputError) as caught:
        kinds.normalise(text)
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE


@pytest.mark.parametrize("logical", SAMPLES)
def test_every_sample_type_is_supported(logical: str) -> None:
    """What the round-trip tests prove, the check lets pass."""
    kinds.check_supported("c", logical)


@pytest.mark.parametrize(
    ("logical", "part"),
    [
        ("UNION(a INTEGER, b VARCHAR)", "c"),
        ("STRUCT(a STRUCT(b GEOMETRY[]))", "c.a.b[]"),
        ("MAP(VARCHAR, VARIANT)", "c.value"),
        ("TUPLE(INTEGER, INTEGER)[2]", "c[]"),
        ('"NULL"', "c"),
        ("TYPE", "c"),
        ("STRUCT(a INTEGER, __duckdb_field_id INTEGER)", "__duckdb_field_id"),
        ("MAP(VARCHAR, STRUCT(__DuckDB_field_id VARCHAR)[])", "__DuckDB_field_id"),
    ],
)
def test_unsupported_types_are_named(logical: str, part: str) -> None:
    """The refusal names the column and the part of the nested type."""
    with pytest.raises(InvalidInputError, match="'c'") as caught:
        kinds.check_supported("c", logical)
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    assert caught.value.details["part"] == part
    assert caught.value.next_step


def test_every_type_of_duckdb_is_stored_or_refused() -> None:
    """No type of the engine is unknown here: each has a sample with a proof, or is refused."""
    connection = connect()
    names = connection.sql("SELECT DISTINCT logical_type FROM duckdb_types() WHERE database_name = 'system'").fetchall()
    nested = {"ARRAY", "LIST", "MAP", "STRUCT", "ENUM", "DECIMAL"}
    refused = {"UNION", "GEOMETRY", "VARIANT", "NULL", "TUPLE", "TYPE"}
    assert {name for (name,) in names} - set(SAMPLES) == nested | refused


def test_concrete() -> None:
    """The type of a bare NULL becomes VARCHAR at every depth, and casting to it keeps empty things empty."""
    logical = 'STRUCT("a" "NULL"[], "m" MAP("NULL", "NULL"), "i" INTEGER)'
    assert kinds.concrete(logical) == kinds.normalise('STRUCT("a" VARCHAR[], "m" MAP(VARCHAR, VARCHAR), "i" INTEGER)')
    row = connect().sql(f"SELECT CAST({{'a': [NULL], 'm': MAP {{}}, 'i': 1}} AS {kinds.concrete(logical)})").fetchall()
    assert row == [({"a": [None], "m": {}, "i": 1},)]
    assert kinds.concrete("INTEGER[3]") == "INTEGER[3]"


def test_nested_count() -> None:
    """Elements, keys, values and fields count, the type itself does not."""
    assert kinds.nested_count("BIGINT") == 0
    assert kinds.nested_count("INTEGER[][]") == 2
    assert kinds.nested_count("STRUCT(a INTEGER, b MAP(VARCHAR, STRUCT(c DATE)))") == 5


@pytest.mark.parametrize(
    ("a", "b", "wider", "exact"),
    [
        ("TINYINT", "BIGINT", "BIGINT", True),
        ("TINYINT", "UTINYINT", "SMALLINT", False),
        ("BIGINT", "UBIGINT", "HUGEINT", False),
        ("UBIGINT", "HUGEINT", "HUGEINT", True),
        ("HUGEINT", "UHUGEINT", "BIGNUM", False),
        ("INTEGER", "BIGNUM", "BIGNUM", True),
        ("BIGINT", "DOUBLE", "DOUBLE", False),
        ("INTEGER", "DOUBLE", "DOUBLE", True),
        ("SMALLINT", "FLOAT", "FLOAT", True),
        ("INTEGER", "FLOAT", "DOUBLE", False),
        ("FLOAT", "DOUBLE", "DOUBLE", True),
        ("DECIMAL(4,1)", "DOUBLE", "DOUBLE", False),
        ("DECIMAL(4,1)", "DECIMAL(9,3)", "DECIMAL(9,3)", True),
        ("DECIMAL(9,1)", "DECIMAL(9,3)", "DECIMAL(11,3)", False),
        ("INTEGER", "DECIMAL(12,2)", "DECIMAL(12,2)", True),
        ("INTEGER", "DECIMAL(9,2)", "DECIMAL(12,2)", False),
        ("HUGEINT", "DECIMAL(4,1)", None, False),
        ("DATE", "TIMESTAMP", "TIMESTAMP", False),
        ("DATE", "TIMESTAMP_S", "TIMESTAMP_S", False),
        ("TIMESTAMP_S", "TIMESTAMP", "TIMESTAMP", True),
        ("TIMESTAMP", "TIMESTAMP_NS", None, False),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", None, False),
        ("TIME", "TIME_NS", "TIME_NS", True),
        ("ENUM('x')", "ENUM('y')", "VARCHAR", False),
        ("ENUM('x')", "VARCHAR", "VARCHAR", True),
        ("ENUM('x')", "BIGINT", None, False),
        ("JSON", "VARCHAR", "VARCHAR", True),
        ("DOUBLE", "VARCHAR", "VARCHAR", False),
        ("INTERVAL", "VARCHAR", "VARCHAR", False),
        ("BLOB", "VARCHAR", None, False),
        ("DATE", "BIGINT", None, False),
        ("INTEGER[]", "INTEGER[]", "INTEGER[]", True),
        ("INTEGER[]", "BIGINT[]", None, False),
        ("INTEGER[]", "VARCHAR", None, False),
        ("UNION(a INTEGER)", "VARCHAR", None, False),
        ('"NULL"', "DATE[]", "DATE[]", False),
    ],
)
def test_widen(a: str, b: str, wider: str | None, exact: bool) -> None:
    """The common type does not depend on the order, and only exact pairs may be read without a rewrite."""
    assert kinds.widen(a, b) == wider
    assert kinds.widen(b, a) == wider
    assert kinds.widens_to(a, b) is exact


PAIRS = [pair for pair in product(SAMPLES, SAMPLES) if pair[0] != pair[1] and kinds.widens_to(*pair)]


@pytest.mark.parametrize("source", sorted({a for a, _ in PAIRS}))
def test_old_segments_read_as_the_wider_type(tmp_path: Path, source: str) -> None:
    """A segment of the narrower type, read through the reader's map as the wider, gives the values that CAST gives."""
    world = World(tmp_path, source, SAMPLES[source])
    world.write()
    for target in (b for a, b in PAIRS if a == source):
        expected = f"SELECT i, CAST(x AS {target}) AS x FROM t"
        found = f"SELECT i, {forms.from_storage('x', target)} AS x FROM ({world.segment(forms.storage_type(target))})"
        world.connection.execute(f"CREATE OR REPLACE TABLE found AS {found}")
        wrong = world.connection.sql(
            f"SELECT a.x, b.x FROM ({expected}) a FULL JOIN found b USING (i) JOIN t USING (i) WHERE "
            "a.x IS DISTINCT FROM b.x OR CAST(a.x AS VARCHAR) IS DISTINCT FROM CAST(b.x AS VARCHAR) OR "
            f"typeof(a.x) <> typeof(b.x) OR CAST(CAST(b.x AS VARCHAR) AS {source}) IS DISTINCT FROM t.x"
        ).fetchall()
        assert wrong == [], target
        for value in SAMPLES[source]:
            rows = f"WHERE x = CAST(CAST({value} AS {source}) AS {target}) ORDER BY i"
            pruned, plain = (world.connection.sql(f"SELECT i FROM ({q}) {rows}").fetchall() for q in (found, expected))
            assert pruned == plain, (target, value)
