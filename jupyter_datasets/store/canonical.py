"""Canonical JSON (RFC 8785) and the hashes over it: how everything but row data is written and named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import rfc8785

from jupyter_datasets.values import ObjectHash

FORMAT = 1
_BLOCK = 1 << 20


def encode(value: dict[str, Any]) -> bytes:
    """The one text of a value that is made of strings, integers, lists and objects."""
    return rfc8785.dumps(value)


def decode(data: bytes) -> dict[str, Any]:
    """The value of a canonical text."""
    value: dict[str, Any] = json.loads(data)
    return value


def hash_bytes(data: bytes) -> ObjectHash:
    """SHA-256 as 64 hex digits."""
    return ObjectHash(hashlib.sha256(data).hexdigest())


def hash_file(path: Path) -> ObjectHash:
    """SHA-256 of a file's content, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return ObjectHash(digest.hexdigest())
