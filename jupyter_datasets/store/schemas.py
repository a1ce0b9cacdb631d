"""A table's schema: fields with an id for life, their birth names, and today's names and types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.store import defaults, digests, forms, logical
from jupyter_datasets.values import nearest


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column as some data brought it: no id yet.

    Attributes
    ----------
    name
        Any text that is not empty.
    type
        Logical type, DuckDB's text for it.
    as_text
        Stored as text because a value does not fit the type's usual storage form.
    """

    name: str
    type: str
    as_text: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One column of a table, through all its versions.

    Attributes
    ----------
    id
        Unique in the table, never used again.
    name, birth
        Today's name, and the one used inside segments.
    type
        Logical type of today.
    nullable
        Whether some row holds a null.
    default
        Value, as text, of rows in segments that lack the field; None for null.
    as_text
        Stored as text, for life, because a value did not fit the type's storage form.
    nested
        Ids of what the type holds, depth-first.
    required
        Declared to hold no null (NOT NULL).
    comment, unit
        What it means, and in what it is measured, for people.
    """

    id: int
    name: str
    birth: str
    type: str
    nullable: bool = False
    default: str | None = None
    as_text: bool = False
    nested: tuple[int, ...] = ()
    required: bool = False
    comment: str = ""
    unit: str = ""

    @property
    def storage(self) -> str:
        """The type inside a segment."""
        return forms.storage_type(self.type, as_text=self.as_text)

    def widened(self, wider: str) -> Self:
        """The field with a type that takes all values of its own; the default stays the same value."""
        return replace(self, type=wider, default=defaults.recast(self.default, self.type, wider))

    def to_json(self) -> dict[str, Any]:
        """Canonical form; what has its usual value is left out."""
        value: dict[str, Any] = {"id": self.id, "name": self.name, "birth": self.birth, "type": self.type}
        value |= {"nullable": 1} if self.nullable else {}
        value |= {"default": self.default} if self.default is not None else {}
        value |= {"form": "text"} if self.as_text else {}
        value |= {"nested": list(self.nested)} if self.nested else {}
        value |= {"required": 1} if self.required else {}
        value |= {"comment": self.comment} if self.comment else {}
        value |= {"unit": self.unit} if self.unit else {}
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` gave."""
        return cls(
            id=value["id"],
            name=value["name"],
            birth=value["birth"],
            type=value["type"],
            nullable=bool(value.get("nullable", 0)),
            default=value.get("default"),
            as_text=value.get("form") == "text",
            nested=tuple(value.get("nested", ())),
            required=bool(value.get("required", 0)),
            comment=value.get("comment", ""),
            unit=value.get("unit", ""),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The fields of a table in order, and the next id to give."""

    fields: tuple[Field, ...]
    next_id: int = field(default=1)

    @property
    def names(self) -> list[str]:
        """Today's column names in order."""
        return [f.name for f in self.fields]

    @property
    def layout(self) -> int:
        """What digests of segments with these columns have in common; names make no difference."""
        return digests.layout_of((f.id, f.storage) for f in self.fields)

    def names_of(self, ids: Iterable[int]) -> list[str]:
        """Today's names of some fields, by their ids."""
        known = {f.id: f.name for f in self.fields}
        return [known[i] for i in ids if i in known]

    @classmethod
    def create(cls, columns: Sequence[Column]) -> Self:
        """A new table's schema: ids count from 1, depth-first, parent before child."""
        schema = cls(fields=())
        for column in columns:
            schema = schema.with_column(column)
        return schema

    def with_column(self, column: Column) -> Self:
        """The schema with one more field, behind the others."""
        logical.check_supported(column.name, column.type)
        count = logical.nested_count(column.type)
        added = Field(
            id=self.next_id,
            name=column.name,
            birth=self._free_birth(column.name),
            type=column.type,
            as_text=column.as_text,
            nested=tuple(range(self.next_id + 1, self.next_id + 1 + count)),
        )
        return replace(self, fields=(*self.fields, added), next_id=self.next_id + 1 + count)

    def _retyped(self, known: Field, column: Column) -> Self:
        """The schema once all rows of a field are written anew; another nesting gets other ids inside."""
        same = known.type == column.type
        count = 0 if same else logical.nested_count(column.type)
        logical.check_supported(column.name, column.type)
        changed = replace(
            known,
            type=column.type,
            nullable=False,
            default=known.default if same else None,
            as_text=column.as_text or (known.as_text and same),
            nested=known.nested if same else tuple(range(self.next_id, self.next_id + count)),
        )
        fields = tuple(changed if f.id == known.id else f for f in self.fields)
        return replace(self, fields=fields, next_id=self.next_id + count)

    def _free_birth(self, name: str) -> str:
        taken = {f.birth.casefold() for f in self.fields} | {logical.FIELD_ID}
        birth, number = name, 2
        while birth.casefold() in taken:
            birth, number = f"{name}_{number}", number + 1
        return birth

    def field(self, name: str) -> Field:
        """The field of that name today; names differ in more than case."""
        if found := [f for f in self.fields if f.name.casefold() == name.casefold()]:
            return found[0]
        hint = nearest(name, self.names)
        raise NotFoundError(
            f"There is no column {name!r}.",
            kind=ErrorKind.COLUMN_NOT_FOUND,
            next_step=f"Did you mean {hint[0]!r}?" if hint else f"Columns: {', '.join(self.names[:20])}.",
            details={"column": name, "suggestions": hint},
        )

    def replaced_by(self, columns: Sequence[Column]) -> Self:
        """The schema when new data takes the table's place: fields match by name and keep their ids.

        New columns are added, missing ones dropped, the data's order and types taken.
        """
        grown = self
        for column in columns:
            known = next((f for f in self.fields if f.name == column.name), None)
            grown = grown.with_column(column) if known is None else grown._retyped(known, column)
        fields = {f.name: f for f in grown.fields}
        return replace(grown, fields=tuple(fields[c.name] for c in columns))

    def appended_by(self, columns: Sequence[Column]) -> Self:
        """The schema when new rows join: widened where that needs no rewriting, but not to text.

        Raises
        ------
        InvalidInputError
            With ``kind`` SCHEMA_MISMATCH: a column that the table lacks, or a type that its rows cannot take.
        """
        arriving = {c.name: c for c in columns}
        if extra := [c.name for c in columns if c.name not in set(self.names)]:
            raise _mismatch(f"The table has no column {extra[0]!r}", extra[0], self.names)
        return replace(self, fields=tuple(_joined(f, arriving.get(f.name)) for f in self.fields))

    def with_nulls(self, ids: frozenset[int]) -> Self:
        """The schema once nulls were met in these fields."""
        return replace(self, fields=tuple(replace(f, nullable=f.nullable or f.id in ids) for f in self.fields))

    def to_json(self) -> dict[str, Any]:
        """Canonical form."""
        return {"fields": [f.to_json() for f in self.fields], "next_id": self.next_id}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` gave."""
        return cls(fields=tuple(Field.from_json(f) for f in value["fields"]), next_id=value["next_id"])


def _joined(known: Field, column: Column | None) -> Field:
    if column is None:
        return known
    wider = logical.widen(known.type, column.type)
    if wider is None or (wider != known.type and not may_become(known.type, wider)):
        raise InvalidInputError(
            f"Column {known.name!r} holds {known.type}; {column.type} does not fit in.",
            kind=ErrorKind.SCHEMA_MISMATCH,
            next_step=f"Convert the column to {known.type}, or replace the whole table.",
            details={"column": known.name, "expected": known.type, "found": column.type},
        )
    if column.as_text and not known.as_text:
        raise InvalidInputError(
            f"Column {known.name!r} holds a number with more than 38 digits; the table's rows cannot take it.",
            kind=ErrorKind.SCHEMA_MISMATCH,
            next_step="Replace the whole table, or convert the column to text.",
            details={"column": known.name},
        )
    return known.widened(wider)


def may_become(kind: str, wider: str) -> bool:
    """Whether new rows may give a column a wider type: without a rewrite, and text only if its values are texts."""
    return logical.widens_to(kind, wider) and (wider != "VARCHAR" or logical.parse(kind).kind == "enum")


def _mismatch(what: str, column: str, names: Iterable[str]) -> InvalidInputError:
    hint = nearest(column, names)
    return InvalidInputError(
        f"{what}.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step=f"Did you mean {hint[0]!r}?" if hint else "Replace the table to change its columns.",
        details={"column": column, "suggestions": hint},
    )


def reader_map(schema: Schema) -> dict[str, list[Any]]:
    """The value of ``read_parquet``'s ``schema`` option: how segments of any age give today's columns.

    The columns come out under their birth names and in storage form. It is a MAP as DuckDB takes it from Python, which
    is a third of the time of one that is spelt in a query.
    """
    columns = [{"name": f.birth, "type": f.storage, "default_value": f.default} for f in schema.fields]
    return {"key": [f.id for f in schema.fields], "value": columns}


def logical_columns(schema: Schema) -> str:
    """The select list from a segment's columns to logical values under today's names."""
    return _select(schema, lambda f: (_logical(f), f.name))


def public_columns(schema: Schema) -> str:
    """The select list from a segment's columns to what users get as Arrow, under today's names."""
    return _select(schema, lambda f: (forms.to_public(_logical(f), f.type, as_text=f.as_text), f.name))


def transfer_columns(schema: Schema) -> str:
    """The select list from a segment's columns to the form in which rows travel to a writer, under birth names."""
    return _select(schema, lambda f: (forms.to_transfer(_logical(f), f.type), f.birth))


def storage_columns(schema: Schema) -> str:
    """The select list from travelling rows to a segment's columns."""
    return _select(schema, lambda f: (stored(f), f.birth))


def patch_columns(schema: Schema, present: Sequence[str]) -> str:
    """The select list from a patch's columns, named by field ids, to a segment's; what it lacks has its default."""
    return _select(schema, lambda f: (_patched(f, str(f.id) in present), f.birth))


def _patched(field: Field, present: bool) -> str:
    default = "NULL" if field.default is None else quote_text(field.default)
    value = quote_name(str(field.id)) if present else default
    return f"CAST({value} AS {field.storage})"


def stored(field: Field) -> str:
    """The SQL for a travelling value's storage form."""
    return forms.transfer_to_storage(quote_name(field.birth), field.type, as_text=field.as_text)


def _logical(field: Field) -> str:
    return forms.from_storage(quote_name(field.birth), field.type, as_text=field.as_text)


def _select(schema: Schema, column: Callable[[Field], tuple[str, str]]) -> str:
    return ", ".join(f"{sql} AS {quote_name(name)}" for sql, name in map(column, schema.fields))


def field_ids(schema: Schema) -> str:
    """The value of the Parquet writer's ``FIELD_IDS`` option."""
    return "{" + ", ".join(f"{quote_name(f.birth)}: {_ids(f)}" for f in schema.fields) + "}"


def _ids(known: Field) -> str:
    return _nested_ids(logical.parse(known.type), known.id, iter(known.nested))


def _nested_ids(node: logical.LogicalType, own: int, ids: Iterator[int]) -> str:
    if not node.parts:
        return str(own)
    parts = [f"{quote_name(name)}: {_nested_ids(part, next(ids), ids)}" for name, part in node.parts]
    return "{" + ", ".join([f"{logical.FIELD_ID}: {own}", *parts]) + "}"
