"""What our own times are multiples of: plain DuckDB and PyArrow on the same TPC-H lineitem file."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.harness import compare

Read = Callable[[], pa.Table]

Q1 = """
SELECT l_returnflag, l_linestatus,
       sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)),
       sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
       avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
FROM {lineitem}
WHERE l_shipdate <= DATE '1998-09-02'
GROUP BY l_returnflag, l_linestatus
ORDER BY l_returnflag, l_linestatus
"""


def make_lineitem(folder: Path, scale: float) -> Path:
    """``lineitem.csv`` of that TPC-H scale (1 is 6.0 M rows, 766 MB) below the folder; made once."""
    target = folder / f"tpch-{scale:g}"
    if not target.exists():
        unfinished = target.with_suffix(".unfinished")
        generator = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
        options = ["-s", f"{scale:g}", "--tables=lineitem", "--overwrite", f"--output-dir={unfinished}"]
        subprocess.run([generator, "csv", *options], check=True, stdin=subprocess.DEVNULL)
        unfinished.rename(target)
    return target / "lineitem.csv"


class References:
    """The reference works on one CSV file.

    Parameters
    ----------
    csv
        The lineitem table.
    folder
        Where their Parquet files go.
    """

    def __init__(self, csv: Path, folder: Path) -> None:
        self.csv = csv
        self._folder = folder
        self._connection = duckdb.connect()

    def write(self) -> Path:
        """R: the CSV file to one Parquet file as DuckDB writes it when nothing is said (snappy)."""
        return self._copy("snappy.parquet", "FORMAT parquet")

    def q1(self) -> pa.Table:
        """Q: TPC-H Q1 on the file of :meth:`write`."""
        return self._connection.sql(Q1.format(lineitem=f"'{self.snappy}'")).to_arrow_table()

    def read(self) -> pa.Table:
        """A: the whole of that file to Arrow, by the faster of DuckDB and PyArrow."""
        return self._readers[self.faster_reader]()

    @cached_property
    def snappy(self) -> Path:
        """The file of :meth:`write`."""
        return self.write()

    @cached_property
    def zstd(self) -> Path:
        """The same rows as Parquet v2 with zstd, for comparing sizes."""
        return self._copy("zstd.parquet", "FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2")

    @cached_property
    def faster_reader(self) -> str:
        """``"duckdb"`` or ``"pyarrow"``."""
        return compare(self._readers, repeat=3).fastest()

    def close(self) -> None:
        """Let go of DuckDB."""
        self._connection.close()

    @property
    def _readers(self) -> dict[str, Read]:
        return {"duckdb": self._read_with_duckdb, "pyarrow": self._read_with_pyarrow}

    def _read_with_duckdb(self) -> pa.Table:
        return self._connection.sql(f"FROM '{self.snappy}'").to_arrow_table()

    def _read_with_pyarrow(self) -> pa.Table:
        return pq.read_table(self.snappy)

    def _copy(self, name: str, options: str) -> Path:
        target = self._folder / name
        self._connection.execute(f"COPY (FROM read_csv('{self.csv}')) TO '{target}' ({options})")
        return target
