"""Commits: the content of a dataset at one moment, and what came before. The hash of the text is the commit's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from jupyter_datasets.store.canonical import FORMAT, encode
from jupyter_datasets.values import CommitId, Micros, ObjectHash


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachedFile:
    """A file that is kept as it is."""

    hash: ObjectHash
    bytes: int
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a version holds: table roots and files by name."""

    tables: Mapping[str, ObjectHash] = field(default_factory=dict)
    files: Mapping[str, AttachedFile] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitObject:
    """A commit as it is stored. It names no dataset and no branch, so it may sit in several.

    Attributes
    ----------
    provenance
        An object of its own that tells what made the commit, if anybody said; so that it can be withheld.
    """

    content: Content
    parents: tuple[CommitId, ...]
    author: str
    time: Micros
    message: str
    provenance: ObjectHash | None = None

    def encode(self) -> bytes:
        """Canonical text; its hash is the commit's id."""
        return encode(
            {
                "format": FORMAT,
                "kind": "commit",
                "tables": dict(self.content.tables),
                "files": {name: [f.hash, f.bytes, f.media_type] for name, f in self.content.files.items()},
                "parents": list(self.parents),
                "author": self.author,
                "time": self.time,
                "message": self.message,
                **({"provenance": self.provenance} if self.provenance else {}),
            }
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the value of a canonical text."""
        return cls(
            content=Content(
                tables=value["tables"],
                files={n: AttachedFile(hash=h, bytes=s, media_type=m) for n, (h, s, m) in value["files"].items()},
            ),
            parents=tuple(value["parents"]),
            author=value["author"],
            time=value["time"],
            message=value["message"],
            provenance=value.get("provenance"),
        )
