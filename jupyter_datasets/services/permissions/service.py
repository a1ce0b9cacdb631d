"""The check that is the first line of every service method."""

from __future__ import annotations

from jupyter_datasets.errors import PermissionDeniedError
from jupyter_datasets.values import Actor, DatasetId, Role


class PermissionService:
    """Rights in local mode: the person who runs this process may do everything, nobody else anything."""

    def __init__(self) -> None:
        self._owner = Actor.local().id

    def require(self, actor: Actor, dataset_id: DatasetId | None, role: Role) -> None:
        """Return when the actor has the role on the dataset, or on the store itself when ``dataset_id`` is None.

        Raises
        ------
        PermissionDeniedError
            When the actor has not.
        """
        if actor.id == self._owner:
            return
        raise PermissionDeniedError(
            f"{actor.name!r} has no right to {role} here: this store belongs to one local user.",
            next_step="Open the store as the user who made it.",
            details={"dataset": dataset_id, "role": role.value},
        )
