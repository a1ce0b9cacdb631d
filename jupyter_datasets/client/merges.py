"""Merging, reverting and cherry-picking, wherever the store is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from jupyter_datasets.client.answers import Listing
from jupyter_datasets.client.rest import Rest, part
from jupyter_datasets.services.merges.models import Merge, MergeOutcome, MergeRequest, MergeState, Resolution


class Merges(Protocol):
    """One method per intention. ``merge`` is the id of one that waits for answers."""

    def merge(self, dataset: str, request: MergeRequest) -> MergeOutcome:
        """Bring a version into a branch."""

    def revert(self, dataset: str, commit: str, branch: str, message: str) -> MergeOutcome:
        """Take back on a branch what a commit changed."""

    def cherry_pick(self, dataset: str, commit: str, onto: str, message: str) -> MergeOutcome:
        """Do on a branch what a commit changed elsewhere."""

    def in_progress(self, dataset: str) -> Sequence[Merge]:
        """Those that wait for answers."""

    def state(self, dataset: str, merge: str, skip: int = 0) -> MergeState:
        """Where one stands, and a thousand of its conflicts."""

    def answer(self, dataset: str, merge: str, resolutions: Sequence[Resolution]) -> Merge:
        """Add answers."""

    def take_back(self, dataset: str, merge: str, last: int | None) -> Merge:
        """Take back the last answers, or all."""

    def refresh(self, dataset: str, merge: str) -> Merge:
        """Go on from where the branch is now."""

    def commit(self, dataset: str, merge: str) -> MergeOutcome:
        """Commit one that is settled."""

    def abort(self, dataset: str, merge: str) -> None:
        """Forget one."""


class RemoteMerges:
    """Has the server do it; see :class:`Merges`."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def merge(self, dataset: str, request: MergeRequest) -> MergeOutcome:
        return self._rest.post(MergeOutcome, _path(dataset, "merges"), **request.model_dump(mode="json"))

    def revert(self, dataset: str, commit: str, branch: str, message: str) -> MergeOutcome:
        path = _path(dataset, "revert")
        return self._rest.post(MergeOutcome, path, commit=commit, branch=branch, message=message)

    def cherry_pick(self, dataset: str, commit: str, onto: str, message: str) -> MergeOutcome:
        path = _path(dataset, "cherry-pick")
        return self._rest.post(MergeOutcome, path, commit=commit, branch=onto, message=message)

    def in_progress(self, dataset: str) -> Sequence[Merge]:
        return self._rest.get(Listing[Merge], _path(dataset, "merges")).items

    def state(self, dataset: str, merge: str, skip: int = 0) -> MergeState:
        return self._rest.get(MergeState, _path(dataset, "merges", merge), offset=skip)

    def answer(self, dataset: str, merge: str, resolutions: Sequence[Resolution]) -> Merge:
        path = _path(dataset, "merges", merge, "resolutions")
        return self._rest.post(Merge, path, resolutions=[each.model_dump(mode="json") for each in resolutions])

    def take_back(self, dataset: str, merge: str, last: int | None) -> Merge:
        path = _path(dataset, "merges", merge, "resolutions")
        return self._rest.call(Merge, "DELETE", path, query={"last": last})

    def refresh(self, dataset: str, merge: str) -> Merge:
        return self._rest.call(Merge, "POST", _path(dataset, "merges", merge, "refresh"))

    def commit(self, dataset: str, merge: str) -> MergeOutcome:
        return self._rest.call(MergeOutcome, "POST", _path(dataset, "merges", merge, "commit"))

    def abort(self, dataset: str, merge: str) -> None:
        self._rest.send("DELETE", _path(dataset, "merges", merge))


def _path(dataset: str, *rest: str) -> str:
    return "".join(f"/{part(each)}" for each in ("datasets", dataset, *rest))
