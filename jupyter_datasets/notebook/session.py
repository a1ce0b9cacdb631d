"""Which repository the magics of this process speak of."""

from __future__ import annotations

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.repository import Repository

_repository: Repository | None = None


def use(repository: Repository | None) -> None:
    """Let the magics use a repository from now on; None lets them open the usual one when they need it."""
    global _repository
    _repository = repository


def current() -> Repository:
    """The repository that was chosen, else the one that ``connect()`` gives."""
    global _repository
    if _repository is None:
        _repository = connect()
    return _repository
