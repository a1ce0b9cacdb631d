"""Provenance: what made a commit, and what it read. What a client says of itself is a claim, limited here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.store.canonical import FORMAT, encode
from jupyter_datasets.values import CommitId, DatasetId, Micros, ObjectHash, short

ClaimKind = Literal["notebook", "console", "script", "command"]
MergeKind = Literal["merge", "revert", "cherry-pick"]
Kind = Literal[ClaimKind, "import", MergeKind]
Direction = Literal["up", "down", "both"]
State = Literal["there", "hidden", "gone"]

LONGEST_TEXT = 500
MOST_PACKAGES = 200
MOST_INPUTS = 100
MOST_TABLES = 50
_MOST_BYTES = 64_000
_LARGEST = 1 << 53  # beyond it JSON's numbers are not exact


def plain(text: str) -> str:
    """A text as it may be told: on one line, with nothing in it that cannot be printed, and not too long."""
    return "".join(char if char.isprintable() else "�" for char in text[:LONGEST_TEXT])


def _on_one_line(text: str) -> str:
    if text.isprintable():
        return text
    raise ValueError("characters that cannot be printed are not allowed")


Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_on_one_line)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=0, lt=_LARGEST)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputVersion(_Value):
    """A version that was read.

    Attributes
    ----------
    dataset
        Id of the dataset; in a claim also its name. Empty where the reader has no right to the dataset.
    name
        What the dataset was called then; says nothing in a claim.
    tables
        Those that were read, as far as is known.
    """

    dataset: Text
    commit: Sha256
    name: Text = ""
    tables: Annotated[tuple[Text, ...], Field(max_length=MOST_TABLES)] = ()

    def __str__(self) -> str:
        tables = f" ({', '.join(self.tables)})" if self.tables else ""
        return f"{self.name or 'a dataset that you may not read'}@{short(self.commit)}{tables}"


class SourceFile(_Value):
    """The file of an import.

    Attributes
    ----------
    modified
        When it was written last, in microseconds UTC.
    sha256
        Where the file itself was kept.
    options
        How it was read, where that was told.
    """

    name: Text
    bytes: int
    modified: Micros
    sha256: ObjectHash | None = None
    options: dict[str, Any] = {}


class Origin(_Value):
    """Where a commit was made.

    Attributes
    ----------
    notebook
        Path, below the server's root where that is known.
    cell, execution
        The cell's id, and how many cells the kernel had run with it.
    script
        Path below the working folder, or as it was given; ``-m name`` for a module.
    code
        SHA-256 of the cell's or script's text in UTF-8.
    kernel
        Name and version.
    python
        Version.
    packages
        Versions of the packages that were loaded.
    inputs
        What was read.
    """

    notebook: Text | None = None
    cell: Text | None = None
    execution: Number | None = None
    script: Text | None = None
    code: Sha256 | None = None
    kernel: Text | None = None
    python: Text | None = None
    packages: Annotated[dict[Text, Text], Field(max_length=MOST_PACKAGES)] = {}
    inputs: Annotated[tuple[InputVersion, ...], Field(max_length=MOST_INPUTS)] = ()


class Claim(Origin):
    """What a client says of itself when it commits."""

    kind: ClaimKind


class Provenance(Origin):
    """What made a commit; ``file`` is that of an import."""

    kind: Kind
    file: SourceFile | None = None

    @classmethod
    def of(cls, claim: Claim | None) -> Self | None:
        """What a client claims, if it does."""
        return None if claim is None else cls(**dict(claim))

    @classmethod
    def of_import(cls, claim: Claim | None, file: SourceFile) -> Self:
        """An import of a file, for which a client may have asked."""
        return cls(**dict(claim or ()) | {"kind": "import", "file": file})

    @classmethod
    def of_action(cls, action: str) -> Self | None:
        """A merge or the like, of which nobody need tell; None for another commit."""
        return cls(kind=action) if action in get_args(MergeKind) else None  # type: ignore[arg-type]  # just looked

    def encode(self) -> bytes:
        """Canonical text.

        Raises
        ------
        InvalidInputError
            It is too long.
        """
        known = self.model_dump(exclude={"kind"}, exclude_defaults=True)
        text = encode({"format": FORMAT, "kind": "provenance", "by": self.kind, **known})
        if len(text) > _MOST_BYTES:
            raise InvalidInputError(f"What is told of a commit's origin takes at most {_MOST_BYTES:,} bytes.")
        return text

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the value of a canonical text."""
        known = {name: value[name] for name in cls.model_fields if name in value}
        return cls.model_validate(known | {"kind": value["by"]})

    def __repr__(self) -> str:
        packages = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        lines = {
            "code": self.code and f"sha256 {short(self.code)}",
            "kernel": self.kernel,
            "python": self.python,
            "packages": packages,
            "read": ", ".join(map(str, self.inputs)),
        }
        told = [f"  {name:<9} {text}" for name, text in lines.items() if text]
        return "\n".join([f"Made by {self}", *told])

    def __str__(self) -> str:
        """In a few words: ``analysis.ipynb, cell 3f2a``."""
        file = self.file and self.file.name
        cell = f"cell {self.cell or self.execution}" if self.cell or self.execution is not None else None
        where = [self.notebook or self.script, cell if self.notebook or not self.script else None]
        told = ", ".join(part for part in (file, *where) if part)
        return told if self.kind in ("notebook", "script") and told else f"{self.kind} {told}".strip()


class LineageNode(BaseModel):
    """A version in a lineage.

    Attributes
    ----------
    state
        ``"hidden"``: of a dataset that the reader has no right to, of which nothing is told. ``"gone"``: the dataset
        was deleted, or the commit collected.
    """

    model_config = ConfigDict(frozen=True)

    state: State = "there"
    dataset_id: DatasetId | None = None
    dataset: str = ""
    commit: Commit | None = None
    commit_id: CommitId | None = None

    def __str__(self) -> str:
        if self.state == "hidden":
            return "a dataset that you may not read"
        at = f"@{short(self.commit_id)}" if self.commit_id else ""
        return f"{self.dataset or 'a deleted dataset'}{at}"


class LineageEdge(BaseModel):
    """One version was made from another.

    Attributes
    ----------
    source, target
        Positions of what was read, and of what was made from it, in the list of nodes.
    read
        The version of the source's dataset that was read, its own or another one; None where that is hidden.
    through
        The commit of the target's dataset that read it, its own or one before; likewise.
    tables
        Which tables it read.
    made_by
        In a few words, what made that commit.
    """

    model_config = ConfigDict(frozen=True)

    source: int
    target: int
    read: CommitId | None = None
    through: CommitId | None = None
    tables: tuple[str, ...] = ()
    made_by: str = ""


class Lineage(BaseModel):
    """What a version was made from, and what was made from its dataset.

    Attributes
    ----------
    nodes
        The first is the version that was asked for.
    cut
        Whether there is more than was asked for or can be told at once.
    """

    model_config = ConfigDict(frozen=True)

    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    cut: bool = False
