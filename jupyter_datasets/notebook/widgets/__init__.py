"""Widgets for every Jupyter: ``DatasetGrid(table)``, ``History(dataset)``, ``JobProgress(job)``."""

from jupyter_datasets.notebook.widgets.grid import DatasetGrid
from jupyter_datasets.notebook.widgets.history import History
from jupyter_datasets.notebook.widgets.progress import JobProgress

__all__ = ["DatasetGrid", "History", "JobProgress"]
