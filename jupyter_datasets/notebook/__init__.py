"""Magics for IPython: ``%load_ext jupyter_datasets`` adds ``%%sql``, ``%%dsql`` and ``%datasets``."""

from jupyter_datasets.notebook.session import use

__all__ = ["use"]
