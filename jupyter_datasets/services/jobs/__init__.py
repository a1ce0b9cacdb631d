"""Long work: what is queued, how far it is, how it ended."""
