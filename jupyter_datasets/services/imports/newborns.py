"""Datasets that are made for an import, and go into the bin when nothing comes of it."""

from __future__ import annotations

from jupyter_datasets.errors import ErrorKind, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.datasets.service import DatasetService
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.events import JobEnded
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.versions.service import VersionService
from jupyter_datasets.values import Actor, DatasetId


class Newborns:
    """Makes datasets for imports, and clears those away that stay empty.

    The request of each import into such a dataset says so, until there is a first version. Whatever people made
    themselves, or have touched since, stays.
    """

    def __init__(self, datasets: DatasetService, versions: VersionService, jobs: JobService) -> None:
        self._datasets = datasets
        self._versions = versions
        self._jobs = jobs

    def provide(self, actor: Actor, name: str, request: ImportRequest) -> tuple[Dataset, ImportRequest]:
        """The dataset of that name, made if there is none, and the request that says whose it is.

        Raises
        ------
        InvalidInputError
            There is none, and the name breaks a rule.
        """
        try:
            found = self._datasets.get(actor, name)
        except NotFoundError as error:
            if error.kind is not ErrorKind.DATASET_NOT_FOUND:
                raise
            return self._datasets.create(actor, name), request.model_copy(update={"new_dataset": True})
        return found, request.model_copy(update={"new_dataset": self._is_ours(actor, found)})

    def bring_back(self, actor: Actor, dataset: DatasetId) -> None:
        """Take a dataset out of the bin again for another attempt."""
        try:
            self._datasets.get(actor, dataset)
        except NotFoundError:
            self._datasets.restore(actor, dataset)

    def settle(self, event: JobEnded) -> None:
        """Once an import came to nothing: move its dataset into the bin, if it was made for it and nobody needs it."""
        if event.status == JobStatus.SUCCEEDED:
            return
        job = self._jobs.find(event.job_id)
        if job.dataset_id is None or not job.params.get("new_dataset"):
            return
        # The person who asked for the import made the dataset by that.
        actor, dataset_id = Actor(id=job.created_by, name=job.created_by), DatasetId(job.dataset_id)
        dataset = self._datasets.get(actor, dataset_id)
        if self._is_untouched(actor, dataset) and not self._jobs.awaits(dataset_id):
            self._datasets.delete(actor, dataset_id)

    def _is_ours(self, actor: Actor, dataset: Dataset) -> bool:
        """Whether a dataset that is there was made for an import which is still under way."""
        jobs = self._jobs.list(actor, dataset_id=dataset.id).items
        return any(job.params.get("new_dataset") for job in jobs) and self._is_untouched(actor, dataset)

    def _is_untouched(self, actor: Actor, dataset: Dataset) -> bool:
        """Whether nobody has renamed, described or labelled it, and it never had a version."""
        if dataset.description or dataset.labels or dataset.name != dataset.default_table:
            return False
        try:
            self._versions.resolve(actor, dataset.id, "#1")
        except NotFoundError:
            return True
        return False
