"""What the scopes of a token allow, judged without trying it; a sentence for what is missing.

3.0.1 reads with `read_all`. 3.1 has two roles: business logic (`read_all`, `write_vens`) and a
VEN (`read_ven_objects`, `read_targets`), which sees and writes itself only; openleadr-vtn writes
`write_vens_bl` and `write_vens_ven` for the two.
"""

from __future__ import annotations

from collections.abc import Collection

_OF_BUSINESS = frozenset({"read_all", "write_programs", "write_events", "write_vens_bl"})
_OF_A_VEN = frozenset({"read_ven_objects", "read_targets", "write_vens_ven"})
_READS = {"3.1": frozenset({"read_all", "read_ven_objects"}), "3.0.1": frozenset({"read_all"})}
_WRITES = frozenset({"write_vens", "write_vens_bl"})


def judges(dialect: str) -> bool:
    """Whether anything is known of the scopes of a dialect."""
    return dialect in _READS


def role_wrong(dialect: str, scopes: Collection[str]) -> str:
    """A sentence where the token is one of a VEN; else empty."""
    if dialect != "3.1" or not _OF_BUSINESS.isdisjoint(scopes) or _OF_A_VEN.isdisjoint(scopes):
        return ""
    return (
        "The token is one of a single VEN, which sees and writes only itself:"
        " give the client id of business logic (scopes read_all and write_vens)."
    )


def reading_missing(dialect: str, scopes: Collection[str]) -> str:
    """A sentence where VENs and resources cannot be read; else empty."""
    wanted = _READS.get(dialect)
    if wanted is None or not wanted.isdisjoint(scopes):
        return ""
    return f"The token lacks the scope {_either(wanted)}: have it given to this client."


def writing_missing(dialect: str, scopes: Collection[str]) -> str:
    """A sentence where VENs and resources cannot be written; else empty."""
    if dialect not in _READS or not _WRITES.isdisjoint(scopes):
        return ""
    return "The token lacks the scope write_vens: have it given to this client."


def _either(scopes: Collection[str]) -> str:
    return " or ".join(sorted(scopes))
