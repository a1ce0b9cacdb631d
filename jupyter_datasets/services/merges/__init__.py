"""Bringing together what happened on two lines of history."""
