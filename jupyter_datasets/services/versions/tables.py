"""Table roots as people see them."""

from __future__ import annotations

from jupyter_datasets.services.versions.models import ColumnInfo, TableInfo
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.values import ObjectHash


def table_info(name: str, root_hash: ObjectHash, root: TableRoot) -> TableInfo:
    """Columns, key and size of a table."""
    names = {f.id: f.name for f in root.schema.fields}
    return TableInfo(
        name=name,
        root=root_hash,
        columns=tuple(ColumnInfo(id=f.id, name=f.name, type=f.type, nullable=f.nullable) for f in root.schema.fields),
        key=tuple(names[i] for i in root.key if i in names),
        rows=root.rows,
        bytes=root.tree.bytes,
    )
