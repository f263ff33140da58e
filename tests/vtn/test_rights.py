"""What the scopes of a token allow, without trying it."""

from __future__ import annotations

import pytest

from vendash.vtn.rights import judges, reading_missing, role_wrong, writing_missing
from vendash.vtn.server import BL_SCOPES, VEN_SCOPES

OPENLEADR_BL = {"read_all", "write_vens_bl", "write_reports_bl"}
OPENLEADR_VEN = {"read_targets", "read_ven_objects", "write_vens_ven"}


@pytest.mark.parametrize("scopes", [BL_SCOPES, OPENLEADR_BL], ids=["specified", "openleadr"])
def test_business_logic_may_read_and_write(scopes: set[str]) -> None:
    for dialect in ("3.1", "3.0.1"):
        assert role_wrong(dialect, scopes) == ""
        assert reading_missing(dialect, scopes) == ""
        assert writing_missing(dialect, scopes) == ""


@pytest.mark.parametrize("scopes", [VEN_SCOPES, OPENLEADR_VEN], ids=["specified", "openleadr"])
def test_the_token_of_a_ven_is_known_by_its_scopes(scopes: set[str]) -> None:
    """In 3.1 alone are there two roles."""
    assert "one of a single VEN" in role_wrong("3.1", scopes)
    assert role_wrong("3.0.1", scopes) == ""


def test_what_is_missing_is_named() -> None:
    assert "read_all or read_ven_objects" in reading_missing("3.1", {"write_vens"})
    assert "scope read_all:" in reading_missing("3.0.1", {"read_targets"})
    assert "write_vens" in writing_missing("3.1", {"read_all"})


def test_of_another_dialect_nothing_is_judged() -> None:
    assert not judges("energydesk")
    assert reading_missing("energydesk", {"x"}) == writing_missing("energydesk", {"x"}) == ""
