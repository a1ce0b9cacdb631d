"""Publishing an edit: objects first, then the catalog, in whose one transaction the branch moves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from jupyter_datasets import faults
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import records, references, touched
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.models import Commit, Edit, RefInfo
from jupyter_datasets.services.versions.moving import log_move
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.services.versions.origins import NOTHING, Told
from jupyter_datasets.store import packs
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.values import MAIN, Actor, CommitId, DatasetId, ObjectHash, now, short

Change = Callable[[Draft], tuple[str, ...] | None]
Within = Callable[[Connection], object]


@dataclass(kw_only=True, slots=True)
class Opened:
    """An edit that was begun; ``appends`` as long as every change may be applied to a branch that moved on."""

    edit: Edit
    dataset: str
    staging: Path
    draft: Draft
    held: ExitStack
    changes: list[Change] = field(default_factory=list)
    appends: bool = True
    also: CommitId | None = None
    action: str = "commit"
    within: Within | None = None
    told: Told = NOTHING


class Publisher:
    """Makes commits of edits, and remembers where that left branches and numbers."""

    def __init__(self, store: OpenStore) -> None:
        self._database = store.database
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._last: dict[tuple[DatasetId, str], CommitId] = {}
        self._newest: dict[DatasetId, int] = {}

    def check_unmoved(self, edit: Edit) -> None:
        """Notice a conflict before anything is stored; the last commit of this process is a hint that costs nothing."""
        if self._last.get((edit.dataset_id, edit.branch), edit.base) != edit.base:
            with self._database.read() as connection:
                _expect_head(connection, edit)

    def publish(self, actor: Actor, opened: Opened, message: str, *, sure: bool) -> Commit | None:
        """Make the commit; None where nothing changed."""
        edit, draft = opened.edit, opened.draft
        if draft.content == draft.base and opened.also is None:
            # What the version lacks by damage is mended by the rows that came again.
            self._backend.publish("objects", draft.new_files())
            return None
        content = Content(tables=dict(sorted(draft.tables.items())), files=dict(sorted(draft.files.items())))
        made = CommitObject(
            content=content,
            parents=tuple(parent for parent in (edit.base, opened.also) if parent is not None),
            author=actor.name,
            time=now(),
            message=message or _default_message(draft),
            provenance=opened.told.name,
        )
        return self._write(actor, opened, made, sure=sure)

    def _write(self, actor: Actor, opened: Opened, made: CommitObject, *, sure: bool) -> Commit:
        """Objects first, then the catalog: a reader sees the old version or the new one, whole."""
        edit, text = opened.edit, made.encode()
        commit_id = CommitId(hash_bytes(text))
        texts = {**opened.draft.new_texts(), **opened.told.texts, ObjectHash(commit_id): text}
        # The same cell or script tells the same of each of its commits.
        stored = set[ObjectHash]() if sure else self._objects.known(opened.told.texts)
        new = {name: text for name, text in texts.items() if name not in stored}
        pack = packs.build(new, _note(opened, commit_id, made))
        faults.reach("commit.before-objects")
        self._backend.publish("objects", opened.draft.new_files())
        faults.reach("commit.before-pack")
        self._backend.write("packs", pack.name, pack.data)
        faults.reach("commit.before-catalog")
        try:
            commit = self._record(actor, opened, commit_id, made, pack, stored, sure=sure)
        except (ConflictError, InvalidInputError, NotFoundError):
            # Nobody else wrote an equal pack: its note holds dataset, branch, commit and the microsecond.
            self._backend.remove("packs", pack.name)
            raise
        faults.reach("commit.after-catalog")
        self._objects.remember(texts)
        self._last[edit.dataset_id, edit.branch] = commit_id
        self._newest[edit.dataset_id] = commit.seq
        return commit

    def _record(
        self,
        actor: Actor,
        opened: Opened,
        commit_id: CommitId,
        made: CommitObject,
        pack: packs.Pack,
        stored: set[ObjectHash],
        *,
        sure: bool,
    ) -> Commit:
        """Move the branch. At first the commit's number and what is new in the pack are taken from memory.

        Where another writer made that wrong, the database's uniqueness says so, and the next try asks: ``sure``.
        """
        edit, merging = opened.edit, opened.action == "merge"
        self._datasets.get(actor, edit.dataset_id)  # refuses one that is in the bin by now
        ref = RefInfo(name=edit.branch, kind="branch", commit=commit_id)
        touches = touched.text_of(opened.draft.base, made.content)
        with self._database.begin() as uow:
            if not records.move_ref(
                uow.connection, edit.dataset_id, edit.branch, edit.base, commit_id, merging=merging
            ):
                _expect_head(uow.connection, edit)
                if not records.add_ref(uow.connection, edit.dataset_id, ref):
                    raise moved(edit, None)
            commit = Commit(
                id=commit_id,
                parents=made.parents,
                seq=self._next_seq(uow.connection, edit.dataset_id, sure=sure),
                author=made.author,
                time=made.time,
                message=made.message,
            )
            records.add_commit(uow.connection, edit.dataset_id, commit, touches)
            records.add_links(uow.connection, opened.told.links(edit.dataset_id, commit))
            # What is in memory may have been deleted since; it is rare that a pack holds such an object at all.
            maybe = [*stored, *(pack.places if sure else self._objects.known(pack.places))]
            known = records.locate(uow.connection, maybe) if maybe else {}
            if not stored <= known.keys():
                raise _outdated(edit)
            records.add_objects(uow.connection, {h: p for h, p in pack.places.items() if h not in known})
            log_move(uow, actor, edit.dataset_id, ref, opened.action, old=edit.base, new=commit_id)
            if opened.within is not None:
                opened.within(uow.connection)
            uow.commit()
        return commit

    def _next_seq(self, connection: Connection, dataset_id: DatasetId, *, sure: bool) -> int:
        newest = None if sure else self._newest.get(dataset_id)
        return 1 + (records.newest_seq(connection, dataset_id) if newest is None else newest)


def _expect_head(connection: Connection, edit: Edit) -> None:
    """Raise unless the branch is where the edit began; an unborn ``main`` has no row."""
    head = records.ref(connection, edit.dataset_id, edit.branch)
    actual = None if head is None else head.commit
    if actual != edit.base or (head is None and edit.branch != MAIN):
        raise moved(edit, actual)
    if head is not None:
        references.check_open(head)


def _note(opened: Opened, commit_id: CommitId, made: CommitObject) -> dict[str, object]:
    return {
        "dataset": opened.edit.dataset_id,
        "name": opened.dataset,
        "ref": opened.edit.branch,
        "from": opened.edit.base or "",
        "to": commit_id,
        "time": made.time,
    }


def moved(edit: Edit, actual: CommitId | None) -> ConflictError:
    """The error for an edit whose branch is elsewhere by now."""
    place = f"is at {short(actual)}" if actual else "has moved"
    since = f"at {short(edit.base)}" if edit.base else "before its first commit"
    return ConflictError(
        f"Branch {edit.branch!r} {place}; the edit began {since}.",
        next_step="Nothing was changed. Look at the new commits, then make the edit again.",
        details={"ref": edit.branch, "expected": edit.base, "actual": actual},
    )


def _outdated(edit: Edit) -> ConflictError:
    return ConflictError(
        "What this process knows of the store is outdated.",
        kind=ErrorKind.WRITE_CONFLICT,
        next_step="Nothing was changed. Try again.",
        details={"ref": edit.branch},
    )


def _default_message(draft: Draft) -> str:
    old, new = draft.base.tables, draft.tables
    gone = {root: t for t, root in old.items() if t not in new}
    renamed = {gone[root]: t for t, root in new.items() if t not in old and root in gone}
    parts = [
        *(f"rename {t} to {name}" for t, name in renamed.items()),
        *(f"add {t}" for t in new if t not in old and t not in renamed.values()),
        *(f"change {t}" for t in new if t in old and new[t] != old[t]),
        *(f"drop {t}" for t in old if t not in new and t not in renamed),
        *(f"attach {f}" for f in draft.files if draft.files[f] != draft.base.files.get(f)),
        *(f"detach {f}" for f in draft.base.files if f not in draft.files),
    ]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
