"""Runs jobs: each one's computing in a child process, its beginning and its end here."""
