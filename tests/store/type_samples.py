"""One or more extreme values of every type that can be stored, as SQL."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from jupyter_datasets.store import forms

SAMPLES = {
    "BOOLEAN": ["true", "false"],
    "TINYINT": ["-128", "127"],
    "UTINYINT": ["0", "255"],
    "SMALLINT": ["-32768", "32767"],
    "USMALLINT": ["0", "65535"],
    "INTEGER": ["(-2147483648)", "2147483647", "0"],
    "UINTEGER": ["0", "4294967295", "7"],
    "BIGINT": ["'-9223372036854775808'", "9223372036854775807", "0"],
    "UBIGINT": ["0", "18446744073709551615"],
    "HUGEINT": ["'99999999999999999999999999999999999999'", "'-99999999999999999999999999999999999999'", "0"],
    "UHUGEINT": ["0", "'340282366920938463463374607431768211455'"],
    "BIGNUM": ["'123456789012345678901234567890123456789012345678901234567890'", "'-5'", "0"],
    "FLOAT": ["'nan'", "'-0.0'", "0", "'inf'", "'-inf'", "1e-45", "0.1"],
    "DOUBLE": ["'nan'", "'-0.0'", "0", "'inf'", "'-inf'", "5e-324", "0.1", "1.7976931348623157e308"],
    "DECIMAL(4,1)": ["'-999.9'", "'999.9'", "0"],
    "DECIMAL(9,3)": ["'-999999.999'", "'999999.999'"],
    "DECIMAL(18,3)": ["'-999999999999999.999'", "'999999999999999.999'"],
    "DECIMAL(38,10)": ["'-9999999999999999999999999999.9999999999'", "'0.0000000001'"],
    "VARCHAR": ["''", "'NULL'", "'a' || chr(0) || 'b'", "'ü𝄞 ''q''\"'", "repeat('x', 300)"],
    "BLOB": ["''::BLOB", "'\\x00\\xFF\\x5C'::BLOB"],
    "BIT": ["'1'", "'0101'", "'0000000001'"],
    "UUID": ["'00000000-0000-0000-0000-000000000000'", "'80000000-0000-0000-0000-000000000001'"],
    "JSON": ["""'{"b": 1,  "a": [null], "a": 2}'""", "'null'", "'\"\"'"],
    "DATE": ["'infinity'", "'-infinity'", "'5877642-06-25 (BC)'", "'5881580-07-10'", "'1970-01-01'"],
    "TIME": ["'00:00:00'", "'23:59:59.999999'", "'24:00:00'"],
    "TIME_NS": ["'23:59:59.123456789'", "'24:00:00'"],
    "TIME WITH TIME ZONE": ["'24:00:00+00'", "'12:00:00+15:59:59'", "'12:00:00.123456-15:59:59'"],
    "TIMESTAMP": ["'infinity'", "'-infinity'", "'290309-12-22 (BC) 00:00:00'", "'294247-01-10 04:00:54.775806'"],
    "TIMESTAMP WITH TIME ZONE": ["'infinity'", "'-infinity'", "'290309-12-22 (BC) 00:00:00+00'", "'2026-03-29 01:30Z'"],
    "TIMESTAMP_S": ["'infinity'", "'-infinity'", "'290309-12-22 (BC) 00:00:00'", "'294247-01-10 04:00:54'"],
    "TIMESTAMP_MS": ["'infinity'", "'-infinity'", "'290309-12-22 (BC) 00:00:00'", "'294247-01-10 04:00:54.775'"],
    "TIMESTAMP_NS": ["'infinity'", "'1677-09-22 00:00:00.000000001'", "'2262-04-11 23:47:16.854775806'"],
    "TIMESTAMPTZ_NS": ["'-infinity'", "'1677-09-22 00:00:00.000000001+00'", "'2262-04-11 23:47:16.854775806+00'"],
    "INTERVAL": [
        "to_months(-13) + to_days(400) + to_microseconds(-86400000001)",
        "to_days(30)",
        "to_months(1)",
        "to_microseconds(86400000000)",
        "to_months(2147483647) + to_days(-2147483648) + to_microseconds('-9223372036854775808'::BIGINT)",
        "to_microseconds(9223372036854775807)",
    ],
    "ENUM('x', 'y, z', 'NULL', '')": ["'x'", "'y, z'", "'NULL'", "''"],
    "INTEGER[2]": ["[1, NULL]", "[3, 4]"],
    "VARCHAR[]": ["[]", "['a', NULL, 'NULL', '']"],
    'STRUCT("a" INTEGER, "B c" VARCHAR[])': ["{'a': 1, 'B c': [NULL]}", "{'a': NULL, 'B c': NULL}"],
    "MAP(VARCHAR, INTEGER)": ["MAP {'a': 1, 'b': NULL}", "MAP {}"],
    'MAP(UUID, STRUCT("i" INTERVAL[], "h" HUGEINT, "t" TIMESTAMP_S[2]))[]': [
        "[MAP {'80000000-0000-0000-0000-000000000001': {'i': [to_days(30), NULL], 'h': 1, 't': NULL}}, NULL, MAP {}]",
        "[MAP {'80000000-0000-0000-0000-000000000001': NULL}]",
        "[]",
    ],
}
HUGE = ["'170141183460469231731687303715884105727'", "'-170141183460469231731687303715884105728'"]


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    forms.configure(connection)
    return connection


class World:
    """A table ``t(i, x)`` of one type, and the way of its rows into a segment and back."""

    def __init__(self, folder: Path, logical: str, values: list[str], *, as_text: bool = False) -> None:
        self.logical, self.as_text = logical, as_text
        self.path = str(folder / "segment.parquet")
        self.connection = connect()
        self.connection.execute(f"CREATE TABLE t (i INTEGER, x {logical})")
        rows = ", ".join(f"({i}, CAST({value} AS {logical}))" for i, value in enumerate([*values, "NULL"]))
        self.connection.execute(f"INSERT INTO t VALUES {rows}")

    @property
    def storage(self) -> str:
        return forms.storage_type(self.logical, as_text=self.as_text)

    def write(self, source: str = "t") -> None:
        """Write a segment straight from the logical values."""
        self._copy(self.connection, forms.to_storage("x", self.logical, as_text=self.as_text), source)

    def write_by_arrow(self) -> None:
        """Write a segment from another database, which gets the rows as Arrow."""
        with connect() as writer:
            writer.register("arrived", self.transfer())
            self._copy(writer, forms.transfer_to_storage("x", self.logical, as_text=self.as_text), "arrived")

    def transfer(self) -> pa.Table:
        return self.arrow(f"SELECT i, {forms.to_transfer('x', self.logical)} AS x FROM t ORDER BY i")

    def arrow(self, query: str) -> pa.Table:
        return self.connection.sql(query).to_arrow_table()

    def _copy(self, connection: duckdb.DuckDBPyConnection, expr: str, source: str) -> None:
        connection.execute(
            f"COPY (SELECT i, {expr} AS x FROM {source} ORDER BY i) TO '{self.path}' (FORMAT parquet, "
            "PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 1000000, FIELD_IDS {i: 1, x: 2})"
        )

    def segment(self, storage: str | None = None) -> str:
        """SQL that reads the segment in storage form."""
        kind = (storage or self.storage).replace("'", "''")
        return (
            f"SELECT i, x FROM read_parquet('{self.path}', schema => MAP {{"
            "1: {name: 'i', type: 'INTEGER', default_value: NULL}, "
            f"2: {{name: 'x', type: '{kind}', default_value: NULL}}}})"
        )

    def read(self) -> str:
        """SQL that reads the segment as logical values."""
        return f"SELECT i, {forms.from_storage('x', self.logical, as_text=self.as_text)} AS x FROM ({self.segment()})"

    def differences(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the query that are not those of ``t`` by type, value or text, which shows -0.0 and intervals."""
        return self.connection.sql(
            "SELECT a.i, CAST(a.x AS VARCHAR), CAST(b.x AS VARCHAR), typeof(b.x) "
            f"FROM t a FULL JOIN ({query}) b USING (i) "
            "WHERE a.x IS DISTINCT FROM b.x OR CAST(a.x AS VARCHAR) IS DISTINCT FROM CAST(b.x AS VARCHAR) "
            "OR typeof(a.x) <> typeof(b.x)"
        ).fetchall()
