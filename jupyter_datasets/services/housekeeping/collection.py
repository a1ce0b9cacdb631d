"""Collection in two steps: what nothing needs is condemned, and deleted by a later run if that is so still.

A reader may be at work on what nothing names any more, so there is a grace in between. A writer that takes something up
again has it pardoned, because each deletion looks once more at what is needed, while nobody may write: see
:mod:`jupyter_datasets.store.gate`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from jupyter_datasets import faults
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import ConflictError, ErrorKind
from jupyter_datasets.services.housekeeping import records
from jupyter_datasets.services.housekeeping.marking import Marking
from jupyter_datasets.services.housekeeping.models import Collected, Going, Thing
from jupyter_datasets.store.backends import LocalBackend, translated_io
from jupyter_datasets.values import Micros, now

HOUR = 3_600_000_000
_BATCH = 500  # deleted at a time, while writers wait
_TRIES = 5
_ORDER = ("commits", "packs", "objects")  # a version vanishes before what it is made of


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sorted:
    """What nothing keeps, by what is to become of it."""

    due: list[Thing]
    waiting: list[Thing]
    fresh: list[Thing]
    young: int


class Collection:
    """One run.

    Parameters
    ----------
    grace
        Microseconds that pass before something that nothing names is condemned, and again before it is deleted.
    patience
        Seconds to wait for those who write.
    """

    def __init__(
        self, database: Database, backend: LocalBackend, marking: Marking, grace: int, patience: float
    ) -> None:
        self._database = database
        self._backend = backend
        self._marking = marking
        self._grace = grace
        self._patience = patience
        self._moment = now()

    def run(self, *, dry: bool) -> Collected:
        """Delete what is due, condemn what is not needed and old enough, pardon what is needed again."""
        self._marking.catch_up()
        faults.reach("gc.marked")
        condemned = self._condemned()
        idle = self._marking.idle()
        found = self._sort(idle, condemned)
        sizes = {thing: self._size(thing) for thing in idle}
        pardoned = [thing for thing in condemned if thing not in idle]
        deleted = found.due
        if not dry:
            deleted = list(self._delete(found.due))
            self._change(lambda connection: _judge(connection, pardoned, found.fresh, self._moment))
            faults.reach("gc.condemned")
        marks = condemned | dict.fromkeys(found.fresh, self._moment)

        def going(things: Iterable[Thing]) -> tuple[Going, ...]:
            listed = sorted(things, key=lambda thing: (_ORDER.index(thing.kind), thing.name))
            return tuple(Going(kind=t.kind, name=t.name, bytes=sizes[t], since=marks.get(t)) for t in listed)

        return Collected(
            dry_run=dry,
            grace_hours=self._grace / HOUR,
            kept=tuple(self._marking.kept),
            deleted=going(deleted),
            condemned=going([*found.waiting, *found.fresh]),
            young=found.young,
            pardoned=sum(self._marking.needs(thing) for thing in pardoned),
            why={thing.name: str(keeper) for thing, keeper in self._marking.why.items()} if dry else {},
        )

    def _condemned(self) -> dict[Thing, Micros]:
        with self._database.read() as connection:
            return records.condemned_things(connection)

    def _sort(self, idle: Iterable[Thing], condemned: Mapping[Thing, Micros]) -> _Sorted:
        before = self._moment - self._grace
        fresh = [thing for thing in idle if thing not in condemned]
        old = [thing for thing in fresh if self._touched(thing) <= before]
        return _Sorted(
            due=[thing for thing in condemned if thing in idle and condemned[thing] <= before],
            waiting=[thing for thing in condemned if thing in idle and condemned[thing] > before],
            fresh=old,
            young=len(fresh) - len(old),
        )

    def _touched(self, thing: Thing) -> int:
        """When its name last came or went, in microseconds: the time stamp of its content is a seal.

        A commit is idle only once all moves to it are older than the time in which they can be undone.
        """
        if thing.kind == "commits":
            return 0
        try:
            return self._backend.path(thing.kind, thing.name).stat().st_ctime_ns // 1000
        except FileNotFoundError:
            return 0

    def _size(self, thing: Thing) -> int:
        return 0 if thing.kind == "commits" else self._backend.size(thing.kind, thing.name)

    # ------------------------------------------------------------------------------------------------------ changing

    def _delete(self, due: Sequence[Thing]) -> Iterator[Thing]:
        """Delete what is not needed still, some at a time, each time while nobody writes."""
        ordered = sorted(due, key=lambda thing: _ORDER.index(thing.kind))
        for start in range(0, len(ordered), _BATCH):
            with self._backend.gate.deleting(self._patience):
                self._marking.catch_up()
                some = [thing for thing in ordered[start : start + _BATCH] if not self._marking.needs(thing)]
                faults.reach("gc.before-forgetting")
                self._change(partial(records.forget, things=some))
                faults.reach("gc.forgotten")
                self._unlink(some)
            yield from some

    def _unlink(self, things: Iterable[Thing]) -> None:
        for thing in things:
            if thing.kind != "commits":
                path = self._backend.path(thing.kind, thing.name)
                with translated_io(f"deleting {path}"):
                    path.unlink(missing_ok=True)
                faults.reach("gc.deleted")

    def _change(self, change: Callable[[Connection], None]) -> None:
        """Change the catalog; again, where somebody who notes what commits touch came first."""
        for attempt in range(_TRIES):
            try:
                with self._database.begin() as uow:
                    change(uow.connection)
                    uow.commit()
                return
            except ConflictError as error:
                if error.kind is not ErrorKind.WRITE_CONFLICT or attempt == _TRIES - 1:
                    raise
                time.sleep(0.02 * attempt)


def _judge(connection: Connection, pardoned: Iterable[Thing], fresh: Iterable[Thing], moment: Micros) -> None:
    records.pardon(connection, pardoned)
    records.condemn(connection, fresh, moment)
