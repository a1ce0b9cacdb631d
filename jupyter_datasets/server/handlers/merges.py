"""Merge, revert, cherry-pick: nothing is changed while the answer names conflicts."""

from __future__ import annotations

from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.merges.models import MergeOutcome, MergeRequest, Resolution
from jupyter_datasets.values import MAIN


class NewMerge(Input):
    """What is to be brought into which branch, and how conflicts are settled."""

    source: str
    into: str = MAIN
    message: str = ""
    squash: bool = False
    resolutions: tuple[Resolution, ...] = ()


class OneCommit(Input):
    """A commit whose change is to be taken back or repeated on a branch."""

    commit: str
    branch: str = MAIN
    message: str = ""
    resolutions: tuple[Resolution, ...] = ()


class MergesHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: NewMerge) -> MergeOutcome:
        """Bring what led to a version into a branch."""
        request = MergeRequest(**body.model_dump())
        return await self.call(lambda s: s.merges.merge(self.actor, dataset, request))


class RevertHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: OneCommit) -> MergeOutcome:
        """Take back on a branch what a commit changed."""
        how = (body.commit, body.branch, body.message, body.resolutions)
        return await self.call(lambda s: s.merges.revert(self.actor, dataset, *how))


class CherryPickHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, *, body: OneCommit) -> MergeOutcome:
        """Do on a branch what a commit changed elsewhere."""
        how = (body.commit, body.branch, body.message, body.resolutions)
        return await self.call(lambda s: s.merges.cherry_pick(self.actor, dataset, *how))


ROUTES = (
    Route("/datasets/{dataset}/merges", MergesHandler),
    Route("/datasets/{dataset}/revert", RevertHandler),
    Route("/datasets/{dataset}/cherry-pick", CherryPickHandler),
)
