"""Merge, revert, cherry-pick: where there are conflicts nothing is changed, and the merge waits for answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jupyter_datasets.client.answers import Listing
from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.endpoint import Input, endpoint
from jupyter_datasets.server.route import Route
from jupyter_datasets.services.merges.models import Merge, MergeOutcome, MergeRequest, MergeState, Resolution
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


class Answers(Input):
    """Answers that come behind those that there are."""

    resolutions: tuple[Resolution, ...]


class StateQuery(Input):
    """How many of the conflicts to pass over; a thousand are told."""

    offset: Annotated[int, Field(ge=0, le=2**40)] = 0


class TakeBackQuery(Input):
    """How many of the last answers to take back; all when left out."""

    last: Annotated[int, Field(ge=1, le=2**31)] | None = None


class MergesHandler(ApiHandler):
    @endpoint("read")
    async def get(self, dataset: str) -> Listing[Merge]:
        """Merges, reverts and cherry-picks that wait for answers, oldest first."""
        found = await self.call(lambda s: s.merges.in_progress(self.actor, dataset))
        return Listing[Merge](items=tuple(found))

    @endpoint("write")
    async def post(self, dataset: str, *, body: NewMerge) -> MergeOutcome:
        """Bring what led to a version into a branch."""
        request = MergeRequest(**body.model_dump())
        return await self.call(lambda s: s.merges.merge(self.actor, dataset, request))


class MergeHandler(ApiHandler):
    @endpoint("write")
    async def get(self, dataset: str, merge: str, *, query: StateQuery) -> MergeState:
        """Where a merge stands against its branch as it is now: the conflicts that are left."""
        return await self.call(lambda s: s.merges.state(self.actor, dataset, merge, query.offset))

    @endpoint("write", status=204)
    async def delete(self, dataset: str, merge: str) -> None:
        """Abort a merge: nothing of it stays."""
        await self.call(lambda s: s.merges.abort(self.actor, dataset, merge))


class ResolutionsHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, merge: str, *, body: Answers) -> Merge:
        """Add answers to those of a merge; of several that fit a conflict the last counts."""
        return await self.call(lambda s: s.merges.answer(self.actor, dataset, merge, body.resolutions))

    @endpoint("write")
    async def delete(self, dataset: str, merge: str, *, query: TakeBackQuery) -> Merge:
        """Take back the last answers of a merge, or all."""
        return await self.call(lambda s: s.merges.take_back(self.actor, dataset, merge, query.last))


class RefreshHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, merge: str) -> Merge:
        """Let a merge go on from where its branch is now; its answers stay."""
        return await self.call(lambda s: s.merges.refresh(self.actor, dataset, merge))


class CommitHandler(ApiHandler):
    @endpoint("write")
    async def post(self, dataset: str, merge: str) -> MergeOutcome:
        """Commit a merge, if its answers settle all and its branch is where it was."""
        return await self.call(lambda s: s.merges.commit(self.actor, dataset, merge))


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
    Route("/datasets/{dataset}/merges/{merge}", MergeHandler),
    Route("/datasets/{dataset}/merges/{merge}/commit", CommitHandler),
    Route("/datasets/{dataset}/merges/{merge}/refresh", RefreshHandler),
    Route("/datasets/{dataset}/merges/{merge}/resolutions", ResolutionsHandler),
    Route("/datasets/{dataset}/revert", RevertHandler),
    Route("/datasets/{dataset}/cherry-pick", CherryPickHandler),
)
