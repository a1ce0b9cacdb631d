"""Datasets: create, list, get, change, delete into the bin, restore."""

from __future__ import annotations

from jupyter_datasets.client.answers import Listing
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.listing import Paging
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.datasets.models import Dataset


class DatasetQuery(Paging):
    """``bin`` asks for the deleted datasets, the last deleted first, in one page."""

    limit: int = 1000
    bin: bool = False


class NewDataset(Input):
    """A dataset to be made."""

    name: str
    description: str = ""
    labels: tuple[str, ...] = ()


class DatasetChanges(Input):
    """What is to change; the rest stays as it is."""

    name: str | None = None
    description: str | None = None
    labels: tuple[str, ...] | None = None


class Restoring(Input):
    """``name`` is another name for a dataset whose own is taken by now."""

    name: str | None = None


class DatasetsHandler(ApiHandler):
    @endpoint("read")
    async def get(self, *, query: DatasetQuery) -> Listing[Dataset]:
        """Datasets by name, or those in the bin."""
        if query.bin:
            return Listing(items=tuple(await self.call(lambda s: s.datasets.bin(self.actor))))
        page = query.model_dump(exclude={"bin"})
        return Listing.of(await self.call(lambda s: s.datasets.list(self.actor, **page)))

    @endpoint("write", status=201)
    async def post(self, *, body: NewDataset) -> Dataset:
        """A new, empty dataset."""
        return await self.call(lambda s: s.datasets.create(self.actor, body.name, body.description, body.labels))


class DatasetHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str) -> Dataset:
        """The dataset with that id or name."""
        return await self.call(lambda s: s.datasets.get(self.actor, dataset))

    @endpoint("write")
    async def put(self, dataset: str, *, body: DatasetChanges) -> Dataset:
        """Rename, describe or label a dataset."""
        changes = body.model_dump()
        return await self.call(lambda s: s.datasets.update(self.actor, dataset, **changes))

    @endpoint("write")
    async def delete(self, dataset: str) -> Dataset:
        """Move a dataset into the bin."""
        return await self.call(lambda s: s.datasets.delete(self.actor, dataset))


class RestoreHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: Restoring) -> Dataset:
        """Take a dataset out of the bin."""
        return await self.call(lambda s: s.datasets.restore(self.actor, dataset, body.name))


ROUTES = (
    Route("/datasets", DatasetsHandler),
    Route("/datasets/{dataset}", DatasetHandler),
    Route("/datasets/{dataset}/restore", RestoreHandler),
)
