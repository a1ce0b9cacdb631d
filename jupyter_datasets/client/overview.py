"""A dataset at a glance, as users see it."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_datasets.client import display
from jupyter_datasets.client.history import Log, Refs, kind_of
from jupyter_datasets.services.versions.models import Counts, RefMove, TableInfo
from jupyter_datasets.services.versions.models import Overview as OverviewModel
from jupyter_datasets.values import short

_FIRST_STEP = "No commits yet. Import a file: ds.import_file('data.csv').result()"
_HEADS, _TABLES, _CHANGES = (
    ("name", "kind", "commit", "when", "author", "message"),
    ("table", "rows", "columns", "size"),
    ("when", "change", "commit"),
)
_MOST = 20  # branches and tags that are shown


class Overview:
    """What there is in a dataset, as of when it was asked for.

    Parameters
    ----------
    model
        As the store gives it.
    ref
        The reference that the version was asked for by.
    """

    def __init__(self, model: OverviewModel, ref: str) -> None:
        self.model = model
        self._ref = ref

    @property
    def counts(self) -> Counts:
        """How many commits, branches, tags, and tables and files of the version."""
        return self.model.counts

    @property
    def refs(self) -> Refs:
        """Branches and tags."""
        return Refs(self.model.refs)

    @property
    def heads(self) -> Log:
        """The commits that branches and tags are at."""
        return Log(self.model.dataset.name, self.model.heads)

    @property
    def tables(self) -> dict[str, TableInfo]:
        """The version's tables by name, with rows and bytes."""
        return {} if self.model.version is None else {t.name: t for t in self.model.version.tables}

    @property
    def bytes(self) -> int:
        """Size of the version as it is stored."""
        return self.model.bytes

    @property
    def changes(self) -> tuple[RefMove, ...]:
        """The last moves of branches and tags, newest first."""
        return self.model.changes

    def text(self, empty: str = _FIRST_STEP) -> str:
        """For people; ``empty`` is what to say of a version that is not there yet."""
        tables = [display.text_table(headers, rows) for headers, rows in self._parts() if rows]
        return "\n\n".join(["\n".join(map(display.plain, self._lines(empty))), *tables])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        tables = "".join(display.html_table(headers, rows) for headers, rows in self._parts() if rows)
        return f"<div>{display.html_lines(self._lines(_FIRST_STEP))}{tables}</div>"

    def _lines(self, empty: str) -> Iterator[str]:
        dataset, counts = self.model.dataset, self.counts
        yield f"{dataset.name} at {self._ref}" + (f": {dataset.description}" if dataset.description else "")
        if dataset.labels:
            yield f"labels: {', '.join(dataset.labels)}"
        if self.model.version is None:
            yield empty
        else:
            yield f"{short(self.model.version.commit.id)}  {self.model.version.commit.message}"
            yield _counted(tables=counts.tables, files=counts.files) + f", {display.size(self.bytes)}"
        if counts.commits:
            yield _counted(commits=counts.commits, branches=counts.branches, tags=counts.tags)

    def _parts(self) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
        yield _TABLES, list(self._contents())
        yield _HEADS, list(self._heads())[:_MOST]
        yield _CHANGES, list(self._changes())

    def _contents(self) -> Iterator[tuple[str, ...]]:
        version = self.model.version
        for t in version.tables if version else ():
            columns = display.count(len(t.columns), "column")
            yield t.name, display.count(t.rows, "row"), columns, display.size(t.bytes)
        for f in version.files if version else ():
            yield f.name, "file", f.media_type, display.size(f.bytes)

    def _heads(self) -> Iterator[tuple[str, ...]]:
        known = {ref.name: ref for ref in self.model.refs}
        for c in self.model.heads:
            for name in c.refs:
                yield name, kind_of(known[name]), short(c.id), display.when(c.time), c.author, c.message

    def _changes(self) -> Iterator[tuple[str, ...]]:
        for move in self.changes:
            if what := _what(move):
                yield display.when(move.time), what, short(move.new or "")


def _counted(**numbers: int) -> str:
    singular = {"branches": "branch"}
    parts = []
    for name, number in numbers.items():
        one = singular.get(name, name[:-1])
        parts.append(f"{number:,} {one if number == 1 else name}")
    return ", ".join(parts)


def _what(move: RefMove) -> str:
    """In words; a rename is told once, by its entry under the new name."""
    if move.other is None:
        return f"{move.action} {move.ref}"
    return "" if move.new is None else f"rename {move.other} to {move.ref}"
