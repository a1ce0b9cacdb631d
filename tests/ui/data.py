"""Files to import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

FLIGHTS = 336_776
LONG = 4_000_000  # rows, which take some seconds to import


def flights(rows: int) -> pa.Table:
    """Rows like those of the flights out of New York."""
    number = np.arange(rows)
    delay = np.where(number % 41 == 0, None, number * 37 % 400 - 60)
    return pa.table(
        {
            "id": number,
            "carrier": pa.array(["UA", "AA", "DL", "B6"]).take(pa.array(number % 4)),
            "origin": pa.array(["JFK", "LGA", "EWR"]).take(pa.array(number % 3)),
            "dep_delay": pa.array(delay, pa.int64()),
            "distance": number * 7 % 5000 / 4,
            "time_hour": pa.array(1_357_034_400 + number * 60, pa.timestamp("s")),
        }
    )


def write_flights(file: Path, rows: int = FLIGHTS) -> None:
    """A CSV file of them."""
    pyarrow.csv.write_csv(flights(rows), file)
