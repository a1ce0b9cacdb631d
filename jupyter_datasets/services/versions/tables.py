"""Table roots as people see them."""

from __future__ import annotations

from jupyter_datasets.services.versions import constraints
from jupyter_datasets.services.versions.declarations import CheckInfo
from jupyter_datasets.services.versions.models import ColumnInfo, TableInfo
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Field
from jupyter_datasets.values import ObjectHash


def table_info(name: str, root_hash: ObjectHash, root: TableRoot) -> TableInfo:
    """Columns, rules and size of a table."""
    schema = root.schema
    return TableInfo(
        name=name,
        root=root_hash,
        columns=tuple(map(_column_info, schema.fields)),
        key=tuple(schema.names_of(root.key)),
        unique=tuple(tuple(schema.names_of(ids)) for ids in root.unique),
        checks=tuple(CheckInfo(name=c.name, expression=constraints.expression_of(schema, c)) for c in root.checks),
        rows=root.rows,
        bytes=root.tree.bytes,
    )


def _column_info(field: Field) -> ColumnInfo:
    return ColumnInfo(
        id=field.id,
        name=field.name,
        type=field.type,
        nullable=field.nullable,
        required=field.required,
        default=field.default,
        comment=field.comment,
        unit=field.unit,
    )
