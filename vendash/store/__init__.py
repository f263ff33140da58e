"""The fleet in one SQLite file."""
