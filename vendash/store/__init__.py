"""The fleet in one SQLite file."""

from vendash.store.sqlite import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
