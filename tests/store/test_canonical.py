"""Canonical texts and the hashes that name everything."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_datasets.store import canonical

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    _TEXTS | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_round_trip(value: dict[str, Any]) -> None:
    """A text gives its value back, and the value its text."""
    text = canonical.encode(value)
    assert canonical.decode(text) == value
    assert canonical.encode(canonical.decode(text)) == text


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(_TEXTS, _VALUES, min_size=2, max_size=5), st.randoms())
def test_order_of_keys_does_not_count(value: dict[str, Any], random: Any) -> None:
    """Equal values have one text, in whatever order they were put together."""
    keys = list(value)
    random.shuffle(keys)
    assert canonical.encode({key: value[key] for key in keys}) == canonical.encode(value)


def test_the_text_is_that_of_rfc_8785() -> None:
    """Keys are sorted by UTF-16, nothing but what must be is escaped, and there are no spaces."""
    value = {"\ufb33": 1, "😀": 2, "ö": [3, "\n\u2028"], "a": {}}
    assert canonical.encode(value).decode() == '{"a":{},"ö":[3,"\\n\u2028"],"😀":2,"\ufb33":1}'


def test_integers_that_other_readers_would_round_are_refused() -> None:
    """Past 2**53 JSON numbers are not exact everywhere, so none is written."""
    with pytest.raises(ValueError, match=str(2**53 + 1)):
        canonical.encode({"rows": 2**53 + 1})


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1])
def test_a_file_has_the_hash_of_its_bytes(tmp_path: Path, size: int) -> None:
    """Reading in blocks gives the SHA-256 of the whole."""
    data = bytes(i % 251 for i in range(size))
    (tmp_path / "file").write_bytes(data)
    assert canonical.hash_file(tmp_path / "file") == canonical.hash_bytes(data) == hashlib.sha256(data).hexdigest()
