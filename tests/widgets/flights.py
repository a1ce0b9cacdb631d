"""A dataset whose branches went apart, for widgets to show."""

from __future__ import annotations

import pyarrow as pa

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset

ROWS = 2000


def make_flights(repo: jd.Repository) -> Dataset:
    """``main`` and ``fix`` changed the same cells of the table ``flights``; other tables came and went."""
    made = repo.create("flights")
    table = pa.table(
        {
            "id": range(ROWS),
            "carrier": [("AA", "UA", "B6")[n % 3] for n in range(ROWS)],
            "delay": [n % 90 - 10 for n in range(ROWS)],
            "note": ["<b>late</b>" if n % 7 else None for n in range(ROWS)],
        }
    )
    with made.edit("main", message="January") as edit:
        edit["flights"].replace(table, key="id")
        edit["weather"].append({"temp": [39.0, 38.5]})
    made.tag("v1.0")
    made.branch("fix")
    with made.edit("fix", message="Blank out") as edit:
        edit.sql("UPDATE flights SET delay = NULL WHERE id < 6")
    with made.edit("main", message="<i>February</i>") as edit:
        edit.sql("UPDATE flights SET delay = delay + 100, carrier = 'DL' WHERE id < 4")
        edit.sql("UPDATE flights SET delay = 0 WHERE id BETWEEN 500 AND 1499")
        edit.sql("DELETE FROM flights WHERE id = 4")
        edit.sql("INSERT INTO flights VALUES (5000, 'AA', 1, '<img src=x onerror=\"window.hacked = 1\">')")
        edit["airports"].append({"faa": ["EWR"]})
        edit.drop("weather")
    return made
