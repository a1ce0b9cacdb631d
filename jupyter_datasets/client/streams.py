"""Rows that people have at hand, of any kind, as a stream of Arrow; what cannot be one is named and explained."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.errors import ErrorKind, InvalidInputError

_LOOKED_AT = 100_000  # values of a column in which the reason of a refusal is looked for
_BRIEF = 60  # characters of a value that are shown
_LONG = 1 << 63
_CONVERSION = (pa.ArrowException, TypeError, ValueError, OverflowError)
_TABLES = "Give a pandas or polars DataFrame, a pyarrow Table, a DuckDB relation or a dict of columns."
# Types of polars that its Arrow export gives names of its own, or pointers in place of values.
_POLARS_ONLY = {
    "Int128": "pl.Decimal(38, 0), pl.Int64 or pl.String",
    "UInt128": "pl.Decimal(38, 0), pl.UInt64 or pl.String",
    "Object": "a type of its values, such as pl.String",
}


def to_reader(rows: Any) -> tuple[pa.RecordBatchReader, tuple[str, ...]]:
    """Rows of any kind as a stream, and what was left out, for people.

    Raises
    ------
    InvalidInputError
        The rows are no table, or a column cannot be stored: it is named, with what was found and what to do.
    """
    rows, notes = _arrow_speaker(_as_frame(rows))
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    if not hasattr(rows, "__arrow_c_stream__"):
        raise _no_table(rows)
    try:
        reader = pa.RecordBatchReader.from_stream(rows)
    except pa.ArrowException as error:  # a stream of a single column without a name, or of types that Arrow has not
        raise _no_table(rows) from error
    _check_columns(reader.schema)
    return reader, notes


def _arrow_speaker(rows: Any) -> tuple[Any, tuple[str, ...]]:
    if _is_of(rows, "pandas", "DataFrame"):
        return _from_pandas(rows)
    if _is_of(rows, "polars", "DataFrame"):
        _check_polars(rows)
    if isinstance(rows, dict) or (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        return _from_python(rows), ()
    return rows, ()


def _is_of(rows: Any, package: str, name: str) -> bool:
    kind = type(rows)
    return kind.__name__ == name and kind.__module__.partition(".")[0] == package


def _as_frame(rows: Any) -> Any:
    """A Series as the table with the one column that its name says."""
    if not (_is_of(rows, "pandas", "Series") or _is_of(rows, "polars", "Series")):
        return rows
    if rows.name in (None, ""):
        raise InvalidInputError(
            "A Series without a name is no table.", next_step="Name its column, as in s.rename('price')."
        )
    return rows.to_frame()


def _no_table(rows: Any) -> InvalidInputError:
    name = type(rows).__name__
    step = "Call its collect() first." if name == "LazyFrame" else _TABLES
    return InvalidInputError(f"{_article(name)} {name} is no table.", next_step=step)


def _article(word: str) -> str:
    return "An" if word[:1] in "AEIOUaeiou" else "A"


# ------------------------------------------------------------------------------------------------------------- pandas


def _from_pandas(frame: Any) -> tuple[pa.Table, tuple[str, ...]]:
    named = [name for name in frame.index.names if name is not None]
    default = type(frame.index).__name__ == "RangeIndex"
    notes = () if named or default else ("The DataFrame's index has no name and was left out.",)
    frame = frame.reset_index() if named else frame
    if doubled := [str(name) for name in frame.columns[frame.columns.duplicated()]]:
        raise _refused(doubled[0], "is there twice", "Rename one of the two, or leave it out.")
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except _CONVERSION as error:
        columns = ((name, frame.iloc[:, i]) for i, name in enumerate(frame.columns))
        raise _explained(columns, lambda column: pa.Array.from_pandas(column), error) from error
    return table.replace_schema_metadata(None), notes


# ------------------------------------------------------------------------------------------------------------- polars


def _check_polars(frame: Any) -> None:
    for name, kind in frame.schema.items():
        if unknown := next((known for known in _POLARS_ONLY if known in _words(str(kind))), None):
            raise _refused(
                name,
                f"has the type {kind} of polars, which cannot be stored",
                f"Cast it first, to {_POLARS_ONLY[unknown]}.",
                str(kind),
            )


def _words(kind: str) -> list[str]:
    """The names in a type, such as ``List(Int128)``."""
    return "".join(c if c.isalnum() else " " for c in kind).split()


# ------------------------------------------------------------------------------------------------------------- Python


def _from_python(rows: dict[Any, Any] | list[dict[Any, Any]]) -> pa.Table:
    if isinstance(rows, list):
        # Every row's columns count, and not only the first one's as in Table.from_pylist.
        rows = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    if wrong := [name for name in rows if not isinstance(name, str)]:
        raise InvalidInputError(
            f"The name of a column is text, and {wrong[0]!r} is of type {type(wrong[0]).__name__}.",
            next_step=f"Call it {str(wrong[0])!r}.",
        )
    try:
        return pa.table(rows)
    except _CONVERSION as error:
        raise _explained(rows.items(), _as_array, error) from error


def _as_array(values: Any) -> Any:
    return values if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__") else pa.array(values)


# -------------------------------------------------------------------------------------------------------- explanations


def _check_columns(schema: pa.Schema) -> None:
    """Refuse what is Arrow, and no table of ours."""
    if not schema.names:
        raise InvalidInputError("There are no columns.", next_step="Give a table with at least one column.")
    for field in schema:
        if _is_empty_struct(field.type):
            raise _refused(
                field.name,
                f"has the type {field.type}: a struct without fields holds nothing that could be stored",
                "Leave it out, or give the struct a field.",
                str(field.type),
            )


def _is_empty_struct(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and not kind.num_fields:
        return True
    return any(_is_empty_struct(kind.field(i).type) for i in range(kind.num_fields))


def _explained(
    columns: Iterable[tuple[Any, Any]], convert: Callable[[Any], object], error: Exception
) -> InvalidInputError:
    """The refusal of the first column that cannot be converted, else of the table as a whole."""
    lengths: dict[str, int] = {}
    for name, values in columns:
        try:
            convert(values)
        except _CONVERSION as own:
            what, step = _reason(values, own)
            return _refused(str(name), what, step)
        lengths[str(name)] = len(values) if hasattr(values, "__len__") else 0
    if len(set(lengths.values())) > 1:
        first, other = _two_lengths(lengths)
        return _refused(
            other,
            f"has {display.count(lengths[other], 'value')}, where {first!r} has {lengths[first]:,}",
            "Give every column as many values.",
        )
    return InvalidInputError(f"The rows cannot be stored: {_brief(error)}.", next_step=_TABLES)


def _two_lengths(lengths: Mapping[str, int]) -> tuple[str, str]:
    first, *others = lengths
    return first, next(name for name in others if lengths[name] != lengths[first])


def _reason(values: Any, error: Exception) -> tuple[str, str]:
    """What is wrong with a column, going on after its name, and what to do."""
    if _is_sparse(values):
        return "is sparse", "Make it dense first, as in df['x'].sparse.to_dense()."
    found = list(_first_of_each_type(values))
    kinds = [type(value).__name__ for _, value in found]
    if any("complex" in kind for kind in [*kinds, str(getattr(values, "dtype", ""))]):
        return "holds complex numbers, which cannot be stored", "Store real and imaginary part as two columns."
    if place := _first(values, lambda value: isinstance(value, int) and not -_LONG <= value < _LONG):
        step = "Convert it first: to decimal.Decimal, which holds up to 38 digits, or to text."
        return f"holds {_shown(place)}, an integer beyond 64 bits", step
    if place := _first(values, lambda value: isinstance(value, str) and not _is_unicode(value)):
        return f"holds {_shown(place)}, which is not Unicode", "Mend the text, or store it as bytes."
    if len(kinds) > 1:
        examples = " and ".join(f"{kind} ({_shown(place)})" for kind, place in zip(kinds[:2], found[:2], strict=True))
        return f"holds values of several types: {examples}", "Convert it to one type first, for example all to text."
    if kinds:
        return f"holds values of type {kinds[0]} that cannot be stored: {_brief(error)}", "Convert it first."
    return f"cannot be stored: {_brief(error)}", "Convert it first."


def _is_sparse(values: Any) -> bool:
    return "Sparse" in str(getattr(values, "dtype", ""))


def _first_of_each_type(values: Any) -> Iterator[tuple[int, Any]]:
    seen: set[type] = set()
    for row, value in _numbered(values):
        is_null = value is None or (isinstance(value, float) and math.isnan(value))
        if not is_null and type(value) not in seen:
            seen.add(type(value))
            yield row, value


def _first(values: Any, is_meant: Callable[[Any], bool]) -> tuple[int, Any] | None:
    return next((place for place in _numbered(values) if is_meant(place[1])), None)


def _numbered(values: Any) -> Iterator[tuple[int, Any]]:
    return enumerate(islice(values, _LOOKED_AT)) if isinstance(values, Iterable) else iter(())


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _shown(place: tuple[int, Any]) -> str:
    row, value = place
    text = repr(value)
    return f"{text if len(text) <= _BRIEF else text[: _BRIEF - 1] + '…'} in row {row + 1:,}"


def _brief(error: Exception) -> str:
    """The text of a foreign error; pandas' conversion adds a second one with the column."""
    parts: Sequence[Any] = error.args or (str(error),)
    return str(parts[0]).rstrip(".")


def _refused(column: str, what: str, next_step: str, kind: str = "") -> InvalidInputError:
    return InvalidInputError(
        f"Column {column!r} {what}.",
        kind=ErrorKind.UNSUPPORTED_TYPE,
        next_step=next_step,
        details={"column": column, **({"type": kind} if kind else {})},
    )
