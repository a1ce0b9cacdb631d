"""Every storable type survives a segment, the way between two connections, and is shown to users without loss."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.store import forms
from jupyter_datasets.store import logical as kinds
from tests.store.type_samples import HUGE, SAMPLES, World, connect

ALL = pytest.mark.parametrize(("logical", "values"), SAMPLES.items(), ids=list(SAMPLES))


@pytest.fixture
def db() -> duckdb.DuckDBPyConnection:
    return connect()


@ALL
def test_round_trip_through_a_segment(tmp_path: Path, logical: str, values: list[str]) -> None:
    """Extremes and NULL come back from a Parquet file with the same type, value and text."""
    world = World(tmp_path, logical, values)
    world.write()
    assert world.differences(world.read()) == []


@ALL
def test_round_trip_between_connections(tmp_path: Path, logical: str, values: list[str]) -> None:
    """Rows that reach the writer as Arrow make the very bytes that a direct write makes."""
    world = World(tmp_path, logical, values)
    world.write()
    direct = Path(world.path).read_bytes()
    world.write_by_arrow()
    assert Path(world.path).read_bytes() == direct
    arrived = world.transfer()
    assert arrived.schema.field("x").type == forms.transfer_arrow_type(logical)
    world.connection.register("arrived", arrived)
    assert world.differences(f"SELECT i, {forms.from_transfer('x', logical)} AS x FROM arrived") == []


@ALL
def test_storage_type_is_what_the_segment_holds(tmp_path: Path, logical: str, values: list[str]) -> None:
    """The declared storage type is the type that DuckDB finds in the file; plain types are stored as they are."""
    world = World(tmp_path, logical, values)
    world.write()
    found = world.connection.sql(f"SELECT x FROM read_parquet('{world.path}')").types[0]
    assert str(found) == forms.storage_type(logical)
    assert forms.is_plain(logical) == (forms.to_storage("x", logical) == "x")


@ALL
def test_reads_as_is(tmp_path: Path, logical: str, values: list[str]) -> None:
    """Where PyArrow may read, it gives the type and values that users get from DuckDB, or an OSError."""
    world = World(tmp_path, logical, _exportable(logical, values))
    world.write()
    try:
        read = pq.read_table(world.path)["x"]
    except OSError:
        assert logical in {"INTEGER", "UINTEGER", "DATE"}
        return
    assert (read.type == forms.arrow_type(logical)) == forms.reads_as_is(logical)
    if forms.reads_as_is(logical):
        assert _same(read, _public(world, world.read()))


@ALL
def test_users_get_the_declared_arrow_type(tmp_path: Path, logical: str, values: list[str]) -> None:
    """The export has the declared type, no extension type among it, and DuckDB reads the values back from it."""
    world = World(tmp_path, logical, _exportable(logical, values))
    shown = _public(world, "FROM t")
    assert shown.type == forms.arrow_type(logical)
    assert "extension" not in str(shown.type)
    world.connection.register("shown", pa.table({"i": np.arange(len(shown), dtype=np.int32), "x": shown}))
    assert world.differences(f"SELECT i, CAST(x AS {logical}) AS x FROM shown") == []


def _exportable(logical: str, values: list[str]) -> list[str]:
    return values[:4] if logical == "INTERVAL" else values  # the others have more microseconds than Arrow can hold


def _public(world: World, query: str) -> pa.ChunkedArray:
    return world.arrow(f"SELECT {forms.to_public('x', world.logical)} AS x FROM ({query}) ORDER BY i")["x"]


def _same(a: pa.ChunkedArray, b: pa.ChunkedArray) -> bool:
    """Equal to the bit: NaNs count as equal, zeros of different sign do not."""
    if pa.types.is_floating(a.type):
        bits = [side.fill_null(1).to_numpy().tobytes() for side in (a, b)]
        return a.is_null().equals(b.is_null()) and bits[0] == bits[1]
    return bool(a.combine_chunks().cast(b.type).equals(b.combine_chunks()))


def test_nan_bits_survive(tmp_path: Path) -> None:
    """The sign and payload of a NaN are those that were written."""
    bits = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x8000000000000000], np.uint64)
    world = World(tmp_path, "DOUBLE", [])
    world.connection.register("nans", pa.table({"i": np.arange(3, dtype=np.int32), "x": bits.view(np.float64)}))
    world.write("nans")
    assert list(world.arrow(world.read())["x"].to_numpy().view(np.uint64)) == list(bits)


@pytest.mark.parametrize("logical", ["HUGEINT", "HUGEINT[]", 'STRUCT("h" HUGEINT)'])
def test_huge_integers(tmp_path: Path, logical: str) -> None:
    """39 digits are refused by the decimal form, kept by the text form, and harmless to the connection either way."""
    wrap = {"HUGEINT": "{}::HUGEINT", "HUGEINT[]": "[{}::HUGEINT]"}.get(logical, "{{'h': {}::HUGEINT}}")
    values = [wrap.format(value) for value in HUGE]
    strict = World(tmp_path, logical, values)
    for use in (strict.write, strict.write_by_arrow, lambda: _public(strict, "FROM t")):
        with pytest.raises(duckdb.ConversionException):
            use()
    world = World(tmp_path, logical, values, as_text=True)
    world.write()
    assert world.differences(world.read()) == []
    world.write_by_arrow()
    assert world.differences(world.read()) == []
    shown = world.arrow(f"SELECT {forms.to_public('x', logical, as_text=True)} AS x FROM t")["x"]
    assert shown.type == forms.arrow_type(logical, as_text=True)


def test_an_interval_is_stored_by_its_parts(tmp_path: Path) -> None:
    """30 days, one month and 24 hours stay what they are, though DuckDB calls some of them equal."""
    world = World(tmp_path, "INTERVAL", SAMPLES["INTERVAL"])
    world.write()
    rows = world.connection.sql(f"SELECT x.months, x.days, x.micros FROM ({world.segment()}) ORDER BY i").fetchall()
    assert rows == [
        (-13, 400, -86400000001),
        (0, 30, 0),
        (1, 0, 0),
        (0, 0, 86400000000),
        (2147483647, -2147483648, -(2**63)),
        (0, 0, 2**63 - 1),
        (None, None, None),
    ]


@pytest.mark.parametrize("sign", [1, -1])
def test_an_interval_too_long_for_arrow_is_refused(db: duckdb.DuckDBPyConnection, sign: int) -> None:
    """The longest interval that Arrow can hold is exported exactly; one microsecond more is an error."""
    most = (2**63 - 1) // 1000
    query = f"SELECT {forms.to_public('x', 'INTERVAL')} AS x FROM (SELECT to_microseconds(?::BIGINT) AS x)"
    shown = db.sql(query, params=[sign * most]).to_arrow_table()
    assert shown["x"][0].as_py().nanoseconds == sign * most * 1000
    with pytest.raises(duckdb.InvalidInputException, match="292 years"):
        db.sql(query, params=[sign * (most + 1)]).to_arrow_table()


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_timestamps_out_of_range_are_refused(db: duckdb.DuckDBPyConnection, unit: str) -> None:
    """Arrow timestamps beyond DuckDB's range give an error that leaves the database usable."""
    values = pa.array([None, 2**62], pa.int64()).cast(pa.timestamp(unit))
    db.register("arrived", pa.table({"x": values, "nested": pa.array([[v] for v in values], pa.list_(values.type))}))
    logical = f"TIMESTAMP_{unit.upper()}"
    for column, kind in (("x", logical), ("nested", f"{logical}[]")):
        with pytest.raises(duckdb.InvalidInputException, match="outside the range"):
            db.sql(f"SELECT {forms.to_storage(column, kind)} FROM arrived").fetchall()
    assert db.sql("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("kind", [np.int32, np.uint32])
def test_pyarrow_never_misreads_wide_integers(tmp_path: Path, kind: type[np.signedinteger]) -> None:
    """PyArrow refuses a segment of 32-bit integers that DuckDB packed too wide, or reads it right."""
    rng, span = np.random.default_rng(5), np.iinfo(kind)
    world = World(tmp_path, "INTEGER", [])
    refused = 0
    for shift in (0, 0, 1, 1, 2, 4, 8):
        values = (rng.integers(span.min, span.max, 3000, endpoint=True) >> shift).astype(kind)
        world.connection.register("wide", pa.table({"i": np.arange(3000, dtype=np.int32), "x": values}))
        world.write("wide")
        try:
            assert np.array_equal(pq.read_table(world.path)["x"].to_numpy(), values)
        except OSError:
            refused += 1
    assert refused > 0, "PyArrow reads them all: reads_as_is need not name this limit any more"


def test_cursors_share_the_configuration(db: duckdb.DuckDBPyConnection) -> None:
    """A cursor of a configured connection works in UTC and exports as plainly."""
    query = "SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS t, 'x' AS s, true AS b, [uuid()] AS u"
    schema = db.cursor().sql(query).to_arrow_table().schema
    assert schema.types == [pa.timestamp("us", "UTC"), pa.string(), pa.bool_(), pa.list_(pa.string())]


# --------------------------------------------------------------------------------------------------------------------
# Any nesting

_NAMES = ["a", "B c", 'q"u', "it's", "select", "NULL", "key", "e0", "ü"]
_KEYS = ["INTEGER", "VARCHAR", "UUID", "HUGEINT", "BIT", "DATE"]
_LEAVES = [kind for kind in SAMPLES if not kinds.nested_count(kind)]
Case = tuple[str, list[str]]  # a type and SQL texts of values


def _leaf(kind: str) -> Case:
    return kind, ["NULL", *(f"CAST({value} AS {kind})" for value in SAMPLES[kind])]


@st.composite
def _lists(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    kind, values = draw(inner)
    size = draw(st.integers(0, 2))
    of = f"{kind}[{size}]" if size else f"{kind}[]"
    items = st.lists(st.sampled_from(values), min_size=size, max_size=size or 3)
    return of, ["NULL", *(f"CAST([{', '.join(draw(items))}] AS {of})" for _ in range(2))]


@st.composite
def _structs(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    fields = [draw(inner) for _ in names]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    of = "STRUCT(" + ", ".join(f"{name} {kind}" for name, (kind, _) in zip(quoted, fields, strict=True)) + ")"
    packed = [
        ", ".join(f"{name} := {draw(st.sampled_from(v))}" for name, (_, v) in zip(quoted, fields, strict=True))
        for _ in range(2)
    ]
    return of, ["NULL", *(f"CAST(struct_pack({fields}) AS {of})" for fields in packed)]


@st.composite
def _maps(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    key, (kind, values) = draw(st.sampled_from(_KEYS)), draw(inner)
    keys = draw(st.lists(st.sampled_from(_leaf(key)[1][1:]), max_size=2, unique=True))
    of = f"MAP({key}, {kind})"
    entries = ", ".join(f"{k}: {draw(st.sampled_from(values))}" for k in keys)
    return of, ["NULL", f"CAST(MAP {{{entries}}} AS {of})"]


_CASES = st.recursive(
    st.sampled_from(_LEAVES).map(_leaf), lambda inner: _lists(inner) | _structs(inner) | _maps(inner), max_leaves=4
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=_CASES)
def test_any_nesting_survives(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    """Values of any nested type, NULL at any depth, survive the segment and the way between connections."""
    logical, values = case
    world = World(tmp_path_factory.mktemp("nested"), logical, values)
    world.write()
    assert world.differences(world.read()) == []
    direct = Path(world.path).read_bytes()
    world.write_by_arrow()
    assert Path(world.path).read_bytes() == direct
    if forms.reads_as_is(logical):
        assert pq.read_schema(world.path).field("x").type == forms.arrow_type(logical)
