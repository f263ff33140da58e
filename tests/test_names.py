"""The name of a VEN at a VTN."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendash.names import client_id


@pytest.mark.parametrize(
    ("ven", "expected"),
    [
        ("København", "vendash-koebenhavn"),
        ("Aarhus", "vendash-aarhus"),
        ("Århus", "vendash-aarhus"),
        ("A\u030arhus", "vendash-aarhus"),
        ("Ærøskøbing", "vendash-aeroeskoebing"),
        ("Nykøbing Falster", "vendash-nykoebing-falster"),
        ("Malmö / Lund!", "vendash-malmo-lund"),
        ("O'Hara", "vendash-o-hara"),
    ],
)
def test_a_name_becomes_a_client_id_of_letters_digits_and_dashes(ven: str, expected: str) -> None:
    assert client_id(ven) == expected


def test_names_without_latin_letters_have_ids_of_their_own() -> None:
    assert client_id("北京") != client_id("東京")
    assert re.fullmatch(r"vendash-[0-9a-f]{8}", client_id("北京"))


def test_the_prefix_can_be_another_one() -> None:
    assert client_id("Herning", prefix="acme-") == "acme-herning"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_client_id_is_always_plain_and_never_only_a_prefix(ven: str) -> None:
    assert re.fullmatch(r"vendash-[a-z0-9]+(-[a-z0-9]+)*", client_id(ven))
