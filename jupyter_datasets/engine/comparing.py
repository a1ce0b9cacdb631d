"""The rows in which two relations differ, as SQL.

A row is its values, and doubles count. Rows are first told apart by their hashes, which are counted on both sides;
only those whose count differs are compared by value. Two hashes of 64 bits may be equal by chance, so this is for
people to look at: a merge compares values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from jupyter_datasets.sqltext import quote_name, quote_text

CHANGE = "change_type"
_GONE, _COME, _ODD, _NET, _NUMBER = '"jd gone"', '"jd come"', '"jd odd"', '"jd net"', '"jd number"'
_THERE, _KIND, _PHASE, _CELL = '"jd there"', '"jd kind"', '"jd phase"', '"jd cell"'
_NO_CELLS = "CAST([] AS SMALLINT[])"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two relations with the same columns.

    Attributes
    ----------
    old, new
        Their queries.
    columns
        Names of the columns.
    key
        Columns that tell rows apart on either side: a row of which others differ is then a changed one.
    are_few
        Whether both have so few rows that their hashes are not worth counting.
    """

    old: str
    new: str
    columns: Sequence[str]
    key: Sequence[str] = ()
    are_few: bool = False

    def counts(self) -> str:
        """One row: how many rows were added, removed and changed. Without a key none is changed."""
        if not self.key:
            return f"{self._net()} SELECT (SELECT count(*) FROM {_COME}), (SELECT count(*) FROM {_GONE}), 0"
        sides = f"{_there(_GONE)} g FULL JOIN {_there(_COME)} c USING ({self._keys})"
        return (
            f"{self._net()} SELECT count(*) FILTER (g.{_THERE} IS NULL), count(*) FILTER (c.{_THERE} IS NULL), "
            f"count(*) FILTER (g.{_THERE} AND c.{_THERE}) FROM {sides}"
        )

    def rows(self) -> str:
        """The rows that differ behind a column ``change_type``.

        That is ``delete`` and ``insert`` and, where there is a key, ``update_preimage`` and ``update_postimage``: the
        two rows of a changed one are neighbours then, and all are in the order of the key. Without a key they are in
        the order of their values.
        """
        columns = ", ".join(map(quote_name, self.columns))
        change = quote_name(self._change)
        if not self.key:
            return (
                f"{self._net()} SELECT {quote_text('delete')} AS {change}, {columns} FROM {_GONE} "
                f"UNION ALL SELECT {quote_text('insert')}, {columns} FROM {_COME} ORDER BY ALL"
            )
        gone = self._told(_GONE, _COME, "delete", "update_preimage", 0)
        come = self._told(_COME, _GONE, "insert", "update_postimage", 1)
        both = f"({gone} UNION ALL {come})"
        return f"{self._net()} SELECT {_KIND} AS {change}, {columns} FROM {both} ORDER BY {self._keys}, {_PHASE}"

    def cells(self) -> str:
        """A row for each cell that was changed: the key, ``column``, and the values ``old`` and ``new`` as text."""
        others = [name for name in self.columns if name not in set(self.key)]
        cells = ", ".join(map(_cell, others))
        keys = ", ".join(f"g.{quote_name(name)}" for name in self.key)
        both = f"SELECT {keys}, unnest([{cells}]) AS {_CELL} FROM {_GONE} g JOIN {_COME} c USING ({self._keys})"
        names = ", ".join(map(quote_name, self.key))
        return (
            f"{self._net()} SELECT {names}, {_CELL}.name AS {quote_name('column')}, {_CELL}.old AS old, "
            f"{_CELL}.new AS new FROM ({both}) WHERE {_CELL}.differs ORDER BY {names}"
        )

    def changes(self) -> str:
        """A line for each row that differs, a changed one being one line, in the order of :meth:`rows`.

        ``kind`` is ``added``, ``removed`` or ``changed``; ``cells`` are the places of the columns that were changed;
        ``v0``, ``v1`` ... are the row's values, of the newer side where both have it, and ``b0`` ... those before.
        """
        values = ", ".join(f"{quote_name(name)} AS v{place}" for place, name in enumerate(self.columns))
        return f"{self._net()} {self._met(values) if self.key else self._mixed(values)}"

    def _mixed(self, values: str) -> str:
        """The lines of rows that nothing but their values tells apart, those that are gone first among equals."""
        sides = ((_GONE, "removed"), (_COME, "added"))
        lines = [
            f"SELECT {quote_text(kind)} AS kind, {_NO_CELLS} AS cells, {values} FROM {side}" for side, kind in sides
        ]
        before = ", ".join(f"NULL AS b{place}" for place in self._places)
        order = ", ".join(f"v{place}" for place in self._places)
        return f"SELECT *, {before} FROM ({' UNION ALL '.join(lines)}) ORDER BY {order}, kind DESC"

    def _met(self, values: str) -> str:
        """The lines of rows that meet by their key."""
        keys = [self.columns.index(name) for name in self.key]
        gone, come = (f"(SELECT true AS there, {values} FROM {side})" for side in (_GONE, _COME))
        same = " AND ".join(f"g.v{place} = c.v{place}" for place in keys)
        differs = ", ".join(f"g.v{place} IS DISTINCT FROM c.v{place}" for place in self._places)
        cells = f"list_where(CAST({list(self._places)} AS SMALLINT[]), [{differs}])"
        now = ", ".join(f"CASE WHEN c.there THEN c.v{place} ELSE g.v{place} END AS v{place}" for place in self._places)
        before = ", ".join(f"g.v{place} AS b{place}" for place in self._places)
        return (
            "SELECT CASE WHEN g.there AND c.there THEN 'changed' WHEN c.there THEN 'added' ELSE 'removed' END AS kind, "
            f"CASE WHEN g.there AND c.there THEN {cells} ELSE {_NO_CELLS} END AS cells, {now}, {before} "
            f"FROM {gone} g FULL JOIN {come} c ON {same} ORDER BY {', '.join(f'v{place}' for place in keys)}"
        )

    @property
    def _places(self) -> range:
        return range(len(self.columns))

    @property
    def _change(self) -> str:
        """``change_type``, with a ``_`` behind it where the table has a column of that name."""
        taken = {name.casefold() for name in self.columns}
        return next(name for n in count() if (name := CHANGE + "_" * n) not in taken)

    @property
    def _keys(self) -> str:
        return ", ".join(map(quote_name, self.key))

    def _net(self) -> str:
        """The rows that one side has more often than the other, as relations of their own."""
        found = [] if self.are_few else [f"{_ODD} AS MATERIALIZED ({self._odd()})"]
        odd = "" if self.are_few else f" WHERE {self._hash} IN (FROM {_ODD})"
        columns = ", ".join(map(quote_name, self.columns))
        sides = " UNION ALL ".join(
            f"SELECT {columns}, {sign} AS {_NUMBER} FROM ({rows}){odd}"
            for rows, sign in ((self.old, -1), (self.new, 1))
        )
        counted = f"SELECT {columns}, CAST(sum({_NUMBER}) AS BIGINT) AS {_NUMBER} FROM ({sides}) GROUP BY ALL"
        found.append(f"{_NET} AS MATERIALIZED (FROM ({counted}) WHERE {_NUMBER} <> 0)")
        for side, number in ((_GONE, f"-{_NUMBER}"), (_COME, _NUMBER)):
            repeated = f"SELECT {columns}, unnest(range({number})) FROM {_NET} WHERE {number} > 0"
            found.append(f"{side} AS (SELECT {columns} FROM ({repeated}))")
        return f"WITH {', '.join(found)}"

    def _odd(self) -> str:
        """The hashes of which one side has more."""
        counted = (
            f"SELECT {self._hash} AS h, 1 AS n FROM ({self.old}) UNION ALL SELECT {self._hash}, -1 FROM ({self.new})"
        )
        return f"SELECT h FROM ({counted}) GROUP BY h HAVING sum(n) <> 0"

    @property
    def _hash(self) -> str:
        return f"hash({', '.join(map(quote_name, self.columns))})"

    def _told(self, side: str, other: str, alone: str, paired: str, phase: int) -> str:
        kind = f"CASE WHEN o.{_THERE} THEN {quote_text(paired)} ELSE {quote_text(alone)} END"
        others = f"(SELECT true AS {_THERE}, {self._keys} FROM {other})"
        joined = f"{side} s LEFT JOIN {others} o USING ({self._keys})"
        return f"SELECT {kind} AS {_KIND}, {phase} AS {_PHASE}, s.* FROM {joined}"


def _there(side: str) -> str:
    return f"(SELECT true AS {_THERE}, * FROM {side})"


def _cell(name: str) -> str:
    column = quote_name(name)
    return (
        f"{{name: {quote_text(name)}, old: CAST(g.{column} AS VARCHAR), new: CAST(c.{column} AS VARCHAR), "
        f"differs: g.{column} IS DISTINCT FROM c.{column}}}"
    )
