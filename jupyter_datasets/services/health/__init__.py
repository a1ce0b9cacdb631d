"""Health: what is well with a store and the machine under it, what is not, and what to do about it."""
