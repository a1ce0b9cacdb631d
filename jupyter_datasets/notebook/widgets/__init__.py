"""Widgets for every Jupyter: ``DatasetGrid(table)``, ``DiffView(diff)``, ``History(dataset)`` and others."""

from jupyter_datasets.notebook.widgets.diff import DiffView
from jupyter_datasets.notebook.widgets.grid import DatasetGrid
from jupyter_datasets.notebook.widgets.history import History
from jupyter_datasets.notebook.widgets.merge import MergeReview
from jupyter_datasets.notebook.widgets.progress import JobProgress

__all__ = ["DatasetGrid", "DiffView", "History", "JobProgress", "MergeReview"]
