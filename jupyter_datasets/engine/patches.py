"""Changes to a text that keep the way back to the places of the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """Puts ``text`` in place of ``original[start:end]``."""

    start: int
    end: int
    text: str


class Patched:
    """A text with patches applied.

    Parameters
    ----------
    original
        The text that the patches speak of.
    patches
        Patches that do not overlap, in any order.

    Attributes
    ----------
    text
        The result.
    """

    def __init__(self, original: str, patches: Iterable[Patch]) -> None:
        self._patches = sorted(patches, key=lambda patch: (patch.start, patch.end))
        self._starts: list[int] = []
        parts, done, length = [], 0, 0
        for patch in self._patches:
            kept = original[done : patch.start]
            self._starts.append(length + len(kept))
            parts += [kept, patch.text]
            length += len(kept) + len(patch.text)
            done = patch.end
        self.text = "".join([*parts, original[done:]])

    def map_back(self, position: int) -> int:
        """The index in the original for an index in the result; inside a patch, the start of what it replaced."""
        i = bisect_right(self._starts, position) - 1
        if i < 0:
            return position
        patch, behind = self._patches[i], position - self._starts[i]
        return patch.start if behind < len(patch.text) else patch.end + behind - len(patch.text)


def blank(text: str, start: int, end: int, word: str = "") -> str:
    """The text, equally long, with ``word`` and blanks in place of a part."""
    return text[:start] + word.ljust(end - start) + text[end:]
