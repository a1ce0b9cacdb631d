"""The command ``sql``."""

from __future__ import annotations
