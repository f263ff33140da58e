"""Queries of lists as SQL with parameters. The text of a filter is never part of the SQL.

An order by name is a merge of one index range per decision, so that the first rows of a million
come at once. An order by trouble is two lists, one after the other: the few rows with trouble,
then the rest by name.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vendash.filters import Field, Query, Sort, Term
from vendash.models import NO_VEN, RegistrationStatus
from vendash.store.facts import UNKNOWN_STATUS

Parameter = str | float | int

_TROUBLE = "(o.state = 'conflict' OR o.state = 'failed' OR o.state = 'different')"
_TROUBLE_RANK = "CASE o.state WHEN 'conflict' THEN 0 WHEN 'failed' THEN 1 ELSE 2 END"
_NAME = "r.resource_name COLLATE NOCASE"
_ORDERS = {
    Sort.NAME: _NAME,
    Sort.TROUBLE: f"CASE WHEN {_TROUBLE} THEN {_TROUBLE_RANK} ELSE 3 END",
    Sort.STATUS: (
        "CASE r.registration_status WHEN 'APPROVED' THEN 1 WHEN 'SUSPENDED' THEN 2 ELSE 0 END"
    ),
    Sort.TYPE: "r.resource_type",
    Sort.SUB_TYPE: "r.resource_sub_type COLLATE NOCASE",
    Sort.VEN: "r.ven COLLATE NOCASE",
    Sort.POWER: "f.p_max_kw",
    Sort.CHANGED: "r.updated_at",
}
_JOINS = {
    "f": " LEFT JOIN vendash_facts f ON f.key = r.id",
    "o": " LEFT JOIN vendash_observations o ON o.key = r.id",
}
_COMPARISONS = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Statement(msgspec.Struct, frozen=True):
    """SQL and the values of its parameters, in order."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """A condition on `resources r` and the joined tables it needs."""

    sql: str
    parameters: tuple[Parameter, ...] = ()
    tables: str = ""
    needs_facts: bool = False
    """It holds for no row whose facts are not made yet."""


def ordered_keys(query: Query, *, all_of_them: bool = False) -> list[Statement]:
    """Statements whose keys, one statement after the other, are those of the query in order.

    Made for the first few keys, or for all of them.
    """
    if all_of_them and query.filter:
        return [_sorted(query)]
    if query.sort is Sort.NAME:
        return [_by_name(query)]
    if query.sort is Sort.TROUBLE:
        calm = Condition(
            f"NOT EXISTS (SELECT 1 FROM vendash_observations o WHERE o.key = r.id AND {_TROUBLE})"
        )
        parts = [_troubled(query), _by_name(query, calm)]
        return parts[::-1] if query.descending else parts
    return [_sorted(query)]


def decisions(query: Query) -> Statement:
    """How many resources of the query, its status left out, carry each value of the decision."""
    where = _where(_conditions(msgspec.structs.replace(query, status=None)))
    return Statement(
        f"SELECT r.registration_status, count(*) FROM {_from(where)}{where.sql}"
        " GROUP BY r.registration_status",
        where.parameters,
    )


def _by_name(query: Query, *more: Condition) -> Statement:
    direction = " DESC" if query.descending else ""
    branches = list(_branches(query, *more))
    return Statement(
        " UNION ALL ".join(branch.sql for branch in branches)
        + f" ORDER BY name COLLATE NOCASE{direction}, id{direction}",
        tuple(value for branch in branches for value in branch.parameters),
    )


def _branches(query: Query, *more: Condition) -> Iterator[Statement]:
    """One part per decision, each of them in the order of an index."""
    statuses = [query.status] if query.status else list(RegistrationStatus)
    rest = [*_conditions(msgspec.structs.replace(query, status=None)), *more]
    for status in statuses:
        where = _where([Condition("r.registration_status = ?", (status.value,)), *rest])
        yield Statement(
            f"SELECT r.id AS id, r.resource_name AS name FROM resources r{where.tables}{where.sql}",
            where.parameters,
        )
    if RegistrationStatus.PENDING in statuses:
        # What another program wrote a moment ago counts as pending until it is normalised.
        where = _where([Condition(UNKNOWN_STATUS), *rest])
        yield Statement(
            f"SELECT r.id AS id, r.resource_name AS name FROM resources r{where.tables}{where.sql}",
            where.parameters,
        )


def _troubled(query: Query) -> Statement:
    direction = " DESC" if query.descending else ""
    where = _where([Condition(_TROUBLE), *_conditions(query)])
    return Statement(
        "SELECT r.id AS id FROM vendash_observations o CROSS JOIN resources r ON r.id = o.key"
        f"{where.tables.replace(_JOINS['o'], '')}{where.sql}"
        f" ORDER BY {_TROUBLE_RANK}{direction}, {_NAME}{direction}, r.id{direction}",
        where.parameters,
    )


def _sorted(query: Query) -> Statement:
    direction = " DESC" if query.descending else ""
    order = Condition("", tables={Sort.POWER: "f", Sort.TROUBLE: "o"}.get(query.sort, ""))
    where = _where([*_conditions(query), order])
    tables = _from(where)
    if query.sort is Sort.POWER and query.ven is None:
        # By ascending key, as the facts are; an index on the way would jump about in them.
        tables = tables.replace("resources r", "resources r NOT INDEXED", 1)
    return Statement(
        f"SELECT r.id AS id FROM {tables}{where.sql}"
        f" ORDER BY {_ORDERS[query.sort]}{direction}, {_NAME}{direction}, r.id{direction}",
        where.parameters,
    )


def _from(where: Condition) -> str:
    """The tables; facts first where one has to hold, so that both are read by ascending key."""
    if not where.needs_facts:
        return f"resources r{where.tables}"
    rest = where.tables.replace(_JOINS["f"], "")
    return f"vendash_facts f CROSS JOIN resources r ON r.id = f.key{rest}"


def _where(conditions: list[Condition]) -> Condition:
    """All of the conditions: the joins they need, and the WHERE clause."""
    names = sorted({table for condition in conditions for table in condition.tables})
    said = [condition.sql for condition in conditions if condition.sql]
    return Condition(
        " WHERE " + " AND ".join(said) if said else "",
        tuple(value for condition in conditions for value in condition.parameters),
        "".join(_JOINS[name] for name in names),
        any(condition.needs_facts for condition in conditions),
    )


def _conditions(query: Query) -> list[Condition]:
    conditions = []
    if query.ven == NO_VEN:
        conditions.append(Condition("(r.ven IS NULL OR r.ven = '')"))
    elif query.ven is not None:
        conditions.append(Condition("r.ven = ?", (query.ven,)))
    if query.status:
        conditions.append(_status(query.status))
    return conditions + [_negatable(term) for term in query.filter.terms]


def _negatable(term: Term) -> Condition:
    condition = _condition(term)
    if term.negated:
        return msgspec.structs.replace(condition, sql=f"NOT coalesce({condition.sql}, 0)")
    return msgspec.structs.replace(condition, needs_facts="f" in condition.tables)


def _condition(term: Term) -> Condition:
    value = str(term.value)
    match term.field:
        case Field.TEXT:
            return _text(value)
        case Field.SUB_TYPE | Field.VEN:
            return _like("f.sub_type_key" if term.field is Field.SUB_TYPE else "f.ven_key", value)
        case Field.TYPE:
            return Condition("upper(trim(r.resource_type)) = ?", (value.upper(),))
        case Field.STATUS:
            return _status(RegistrationStatus(value.upper()))
        case Field.VTN:
            return Condition("coalesce(o.state, 'unwanted') = ?", (value,), "o")
        case Field.POWER:
            return Condition(f"f.p_max_kw {_COMPARISONS[term.operator]} ?", (term.value,), "f")


def _status(status: RegistrationStatus) -> Condition:
    if status is RegistrationStatus.PENDING:
        return Condition(f"(r.registration_status = 'PENDING' OR {UNKNOWN_STATUS})")
    return Condition("r.registration_status = ?", (status.value,))


def _text(value: str) -> Condition:
    if "*" in value:
        return _like("f.search", f"*{value}*")
    return Condition("instr(f.search, ?) > 0", (value,), "f")


def _like(column: str, pattern: str) -> Condition:
    if "*" not in pattern:
        return Condition(f"{column} = ?", (pattern,), "f")
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Condition(f"{column} LIKE ? ESCAPE '\\'", (escaped.replace("*", "%"),), "f")
