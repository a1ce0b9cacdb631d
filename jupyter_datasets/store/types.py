"""Everything about column types: the names that the rest of the store uses.

A *logical type* is what a column is to its user, as DuckDB's canonical SQL text. A *storage type* is what a segment
holds. :mod:`~jupyter_datasets.store.logical` knows the first, :mod:`~jupyter_datasets.store.forms` the ways between the
two, between connections and to users, :mod:`~jupyter_datasets.store.widths` what values count when segments are sized.
"""

from __future__ import annotations

from jupyter_datasets.store.forms import (
    arrow_type,
    configure,
    from_storage,
    from_transfer,
    is_plain,
    reads_as_is,
    storage_type,
    to_public,
    to_storage,
    to_transfer,
    transfer_arrow_type,
    transfer_to_storage,
)
from jupyter_datasets.store.logical import check_supported, concrete, nested_count, normalise, widen, widens_to
from jupyter_datasets.store.widths import fixed_bits, row_bits, total_bits

__all__ = [
    "arrow_type",
    "check_supported",
    "concrete",
    "configure",
    "fixed_bits",
    "from_storage",
    "from_transfer",
    "is_plain",
    "nested_count",
    "normalise",
    "reads_as_is",
    "row_bits",
    "storage_type",
    "to_public",
    "to_storage",
    "to_transfer",
    "total_bits",
    "transfer_arrow_type",
    "transfer_to_storage",
    "widen",
    "widens_to",
]
