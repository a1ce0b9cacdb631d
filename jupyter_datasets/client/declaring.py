"""What is declared of a table in an edit: its columns, and what its rows are held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions import declarations
from jupyter_datasets.services.versions.declarations import CheckDeclaration, SchemaChange, TableDeclaration
from jupyter_datasets.store import incoming

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from jupyter_datasets.client.edit import Edit

Model = TypeVar("Model", bound=BaseModel)
Unique = str | Iterable[str | Sequence[str]]
Checks = str | Mapping[str, str] | Iterable[str]
_PARTS = {"type", "default", "comment", "unit", "expression"}  # of a column or check, beside its name


class TableDeclarations:
    """The part of a table's edit that changes no row.

    Every change is looked at over the rows there are before anything is committed, and writes none of them anew.
    """

    _edit: Edit
    _table: str

    def create(
        self,
        columns: Mapping[str, str] | pa.Schema,
        *,
        key: str | Iterable[str] = (),
        required: str | Iterable[str] = (),
        unique: Unique = (),
        checks: Checks = (),
        comments: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the table, without rows.

        Parameters
        ----------
        columns
            Types by column, in DuckDB's words, or an Arrow schema, whose fields that are not nullable are required.
        key
            Columns that tell rows apart: no nulls, and no values twice.
        required
            Columns that hold no nulls.
        unique
            Other columns of which no two rows have the same values: one, or several groups.
        checks
            Boolean expressions over the columns of one row, by name or without.
        comments, units, defaults
            By column.

        Examples
        --------
        >>> with shop.edit() as edit:
        ...     edit["prices"].create({"item": "VARCHAR", "price": "DECIMAL(9,2)"}, key="item", checks=["price >= 0"])
        """
        declaration = table_declaration(
            columns,
            key=key,
            required=required,
            unique=unique,
            checks=checks,
            comments=comments,
            units=units,
            defaults=defaults,
        )
        edit, table = self._edit, self._table
        edit._do(lambda: edit._transport.create_table(edit._id, table, declaration))

    def add_column(
        self, name: str, type: str, default: Any = None, *, required: bool = False, comment: str = "", unit: str = ""
    ) -> None:
        """Add a column behind the others, in which the rows there are have the default, or null."""
        text = _default(default)
        self._change("add_column", name=name, type=type, default=text, required=required, comment=comment, unit=unit)

    def drop_column(self, name: str) -> None:
        """Leave a column out from the next version on; earlier ones keep it. No rule of the table may name it."""
        self._change("drop_column", name=name)

    def rename_column(self, old: str, new: str) -> None:
        """Call a column otherwise. Keys, checks and differences go with it."""
        self._change("rename_column", name=old, to=new)

    def widen(self, column: str, type: str) -> None:
        """Give a column a type that takes every value it has exactly, such as BIGINT after INTEGER."""
        self._change("widen_column", name=column, type=type)

    def describe(self, column: str, *, comment: str | None = None, unit: str | None = None) -> None:
        """Say what a column means and in what it is measured; what is None stays."""
        self._change("describe_column", name=column, comment=comment, unit=unit)

    def require(self, *columns: str) -> None:
        """Let columns hold no nulls from now on; those there are, are an error."""
        self._change("require_columns", names=columns)

    def allow_nulls(self, *columns: str) -> None:
        """Let columns hold nulls."""
        self._change("allow_nulls", names=columns)

    def add_unique(self, *columns: str) -> None:
        """Let no two rows have the same values in these columns; rows with a null among them do not count."""
        self._change("add_unique", columns=columns)

    def drop_unique(self, *columns: str) -> None:
        """Let rows have the same values in these columns again."""
        self._change("drop_unique", columns=columns)

    def add_check(self, expression: str, name: str | None = None) -> None:
        """Let no row make a boolean expression over its columns false; null passes, as in SQL.

        Raises
        ------
        InvalidInputError
            INVALID_CHECK, or CHECK_VIOLATION with ``count`` and the first 100 such rows in ``details``.
        """
        self._change("add_check", expression=expression, name=name)

    def drop_check(self, name: str) -> None:
        """Hold rows to a check no more."""
        self._change("drop_check", name=name)

    def _change(self, do: str, **values: Any) -> None:
        self._alter(schema_changes([{"do": do, **values}]))

    def _alter(self, changes: Sequence[SchemaChange]) -> None:
        edit, table = self._edit, self._table
        edit._do(lambda: edit._transport.alter_table(edit._id, table, changes))


def table_declaration(
    columns: Mapping[str, str] | pa.Schema,
    *,
    key: str | Iterable[str],
    required: str | Iterable[str],
    unique: Unique,
    checks: Checks,
    comments: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
    defaults: Mapping[str, Any] | None,
) -> TableDeclaration:
    """A declaration from what users give; see :meth:`TableDeclarations.create`."""
    types, needed = _types(columns)
    needed += names_of(required)
    by_column = {"required": needed, "comments": comments or {}, "units": units or {}, "defaults": defaults or {}}
    for what, named in by_column.items():
        if unknown := [name for name in named if name not in types]:
            raise InvalidInputError(f"In {what} there is {unknown[0]!r}, which is no column of the table.")
    return checked(
        TableDeclaration,
        columns=[
            {
                "name": name,
                "type": kind,
                "required": name in needed,
                "default": _default((defaults or {}).get(name)),
                "comment": (comments or {}).get(name, ""),
                "unit": (units or {}).get(name, ""),
            }
            for name, kind in types.items()
        ],
        key=names_of(key),
        unique=tuple(_groups(unique)),
        checks=tuple(_checks(checks)),
    )


def schema_changes(changes: Sequence[Mapping[str, Any]]) -> tuple[SchemaChange, ...]:
    """Changes of a schema by their names and values."""
    return checked(declarations.SchemaChanges, changes=changes).changes


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """One name, or several."""
    return (names,) if isinstance(names, str) else tuple(names)


def _types(columns: Mapping[str, str] | pa.Schema) -> tuple[dict[str, str], list[str]]:
    if isinstance(columns, pa.Schema):
        found = incoming.inspect(columns).columns
        return {c.name: c.type for c in found}, [f.name for f in columns if not f.nullable]
    if not isinstance(columns, Mapping):
        raise InvalidInputError(
            f"Columns are given as a dict of types or an Arrow schema, and not as {type(columns).__name__}.",
            next_step="Such as {'id': 'BIGINT', 'name': 'VARCHAR'}.",
        )
    return dict(columns), []


def _groups(unique: Unique) -> Iterator[tuple[str, ...]]:
    for group in (unique,) if isinstance(unique, str) else unique:
        yield names_of(group)


def _checks(checks: Checks) -> Iterator[CheckDeclaration]:
    named = checks.items() if isinstance(checks, Mapping) else ((None, text) for text in names_of(checks))
    for name, text in named:
        yield checked(CheckDeclaration, expression=text, name=name)


def _default(value: Any) -> str | None:
    if isinstance(value, bytes | list | dict | tuple | set):
        raise InvalidInputError(
            f"A default is one value, and not of type {type(value).__name__}.",
            next_step="Add the column without one, then set it with UPDATE.",
        )
    return None if value is None else str(value)


def checked(model: type[Model], **values: Any) -> Model:
    """A model of these values; what they cannot be is an error of ours."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refused(error.errors()[0], model) from error


def _refused(wrong: ErrorDetails, model: type[BaseModel]) -> InvalidInputError:
    """What a declaration does not take, in our words."""
    place = [part for part in wrong["loc"] if isinstance(part, str)]
    owner = "check" if model is CheckDeclaration or any("check" in part for part in place) else "column"
    part = place[-1] if place and place[-1] in _PARTS else "name"
    kind = ErrorKind.INVALID_NAME if part == "name" else ErrorKind.INVALID_ARGUMENT
    match wrong["type"]:
        case "too_short":
            return InvalidInputError("Name at least one column.")
        case "string_too_short":
            return InvalidInputError(f"A {owner} needs a {part}.", kind=kind, next_step="Give it one.")
        case "string_too_long":
            longest = wrong["ctx"]["max_length"]
            return InvalidInputError(f"The {part} of a {owner} has at most {longest:,} characters.", kind=kind)
        case "string_type":
            return InvalidInputError(f"The {part} of a {owner} is text, and not {wrong['input']!r}.")
    return InvalidInputError(f"{place[-1] if place else 'This'} cannot be {wrong['input']!r}.")
