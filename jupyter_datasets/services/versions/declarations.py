"""What is declared of a table's columns and rows, and changes of it, as they cross the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_LONGEST_TYPE = 10_000  # characters: DuckDB's parser takes a kilobyte or two of memory for each

TypeText = Annotated[str, Field(min_length=1, max_length=_LONGEST_TYPE)]
Name = Annotated[str, Field(min_length=1, max_length=10_000)]
Note = Annotated[str, Field(max_length=10_000)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckInfo(_Value):
    """A check of a table: a boolean expression over the columns of one row, under their names of today."""

    name: str
    expression: str


class ColumnDeclaration(_Value):
    """A column that is to be.

    Attributes
    ----------
    type
        In DuckDB's words, such as ``DECIMAL(18,3)``.
    required
        Whether each row must have a value.
    default
        Value, as text, of rows that do not say one, those that are there already among them.
    comment, unit
        What it means, and in what it is measured.
    """

    name: Name
    type: TypeText
    required: bool = False
    default: str | None = None
    comment: Note = ""
    unit: Note = ""


class CheckDeclaration(_Value):
    """A check that is to be; it gets a name where it has none."""

    expression: str
    name: Name | None = None


class TableDeclaration(_Value):
    """A table that is to be, without rows.

    Attributes
    ----------
    key
        Columns that tell rows apart: no nulls, and no values twice.
    unique
        Other columns of which no two rows have the same values; rows with a null among them do not count.
    """

    columns: Annotated[tuple[ColumnDeclaration, ...], Field(min_length=1)]
    key: tuple[Name, ...] = ()
    unique: tuple[Names, ...] = ()
    checks: tuple[CheckDeclaration, ...] = ()


class AddColumn(ColumnDeclaration):
    """One more column, behind the others."""

    do: Literal["add_column"] = "add_column"


class DropColumn(_Value):
    """One column less; nothing that the table is held to may name it."""

    do: Literal["drop_column"] = "drop_column"
    name: Name


class RenameColumn(_Value):
    """Another name for a column."""

    do: Literal["rename_column"] = "rename_column"
    name: Name
    to: Name


class WidenColumn(_Value):
    """A type for a column that takes all of its values, and for which no row is written anew."""

    do: Literal["widen_column"] = "widen_column"
    name: Name
    type: TypeText


class DescribeColumn(_Value):
    """Another comment or unit for a column; what is None stays."""

    do: Literal["describe_column"] = "describe_column"
    name: Name
    comment: Note | None = None
    unit: Note | None = None


class RequireColumns(_Value):
    """Columns that hold no nulls from now on."""

    do: Literal["require_columns"] = "require_columns"
    names: Names


class AllowNulls(_Value):
    """Columns that may hold nulls from now on."""

    do: Literal["allow_nulls"] = "allow_nulls"
    names: Names


class AddUnique(_Value):
    """Columns of which no two rows may have the same values."""

    do: Literal["add_unique"] = "add_unique"
    columns: Names


class DropUnique(_Value):
    """Columns of which rows may have the same values again."""

    do: Literal["drop_unique"] = "drop_unique"
    columns: Names


class AddCheck(CheckDeclaration):
    """A boolean expression that no row may make false."""

    do: Literal["add_check"] = "add_check"


class DropCheck(_Value):
    """The name of a check that is to go."""

    do: Literal["drop_check"] = "drop_check"
    name: Name


SchemaChange = Annotated[
    AddColumn
    | DropColumn
    | RenameColumn
    | WidenColumn
    | DescribeColumn
    | RequireColumns
    | AllowNulls
    | AddUnique
    | DropUnique
    | AddCheck
    | DropCheck,
    Field(discriminator="do"),
]


class SchemaChanges(_Value):
    """Changes in the order in which they are made; all of them, or none."""

    changes: Annotated[tuple[SchemaChange, ...], Field(min_length=1)]
