"""The engine, `vendash run`: everything that goes on for one database, in one task group."""

from vendash.engine.engine import run_engine

__all__ = ["run_engine"]
