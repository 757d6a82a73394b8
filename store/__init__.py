"""The memory: one SQLite database and the files beside it; survives a crash at any instant."""
