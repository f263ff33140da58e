"""The filter language: what a text means, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendash.filters import MAX_LENGTH, Field, Filter, FilterError, Term, fold, parse_filter


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("Nytorv", (Term(Field.TEXT, "nytorv"),)),
        ("nytorv lader", (Term(Field.TEXT, "nytorv"), Term(Field.TEXT, "lader"))),
        ('"Nytorv 1"', (Term(Field.TEXT, "nytorv 1"),)),
        ('"Nytorv 1', (Term(Field.TEXT, "nytorv 1"),)),
        ("ny*torv", (Term(Field.TEXT, "ny*torv"),)),
        ("!bar", (Term(Field.TEXT, "bar", negated=True),)),
        ("!", ()),
        ('""', ()),
        ('"kl:12"', (Term(Field.TEXT, "kl:12"),)),
        ("status:pending", (Term(Field.STATUS, "pending"),)),
        ("STATUS:Approved", (Term(Field.STATUS, "approved"),)),
        ("status:s", (Term(Field.STATUS, "suspended"),)),
        ("type:ev", (Term(Field.TYPE, "ev"),)),
        ("type:b", (Term(Field.TYPE, "battery"),)),
        ("sub:Hotels", (Term(Field.SUB_TYPE, "hotels"),)),
        ("!sub:hotels", (Term(Field.SUB_TYPE, "hotels", negated=True),)),
        ("ven:her*", (Term(Field.VEN, "her*"),)),
        ('ven:"Nykøbing Falster"', (Term(Field.VEN, "nykøbing falster"),)),
        ('ven:"nyk', (Term(Field.VEN, "nyk"),)),
        ("vtn:conflict", (Term(Field.VTN, "conflict"),)),
        ("p>100", (Term(Field.POWER, 100.0, ">"),)),
        ("p<=22.5", (Term(Field.POWER, 22.5, "<="),)),
        ("p<=22,5", (Term(Field.POWER, 22.5, "<="),)),
        ("p=-5", (Term(Field.POWER, -5.0, "="),)),
        ("p:22", (Term(Field.POWER, 22.0, "="),)),
        ("!P>=1", (Term(Field.POWER, 1.0, ">=", negated=True),)),
        ("pizza", (Term(Field.TEXT, "pizza"),)),
    ],
)
def test_what_a_text_means(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_filter(text) == Filter(terms)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("city:herning", "no field 'city:'"),
        ("text:x", "no field 'text:'"),
        ("status:", "pending, approved, suspended"),
        ("status:late", "pending, approved, suspended"),
        ("type:wind", "dsr, battery, pv, ev"),
        ("sub:", "needs a value"),
        ("ven:", "needs a value"),
        ("vtn:nowhere", "unwanted, waiting"),
        ("p>", "number of kW"),
        ("p>ten", "number of kW"),
        ("p>nan", "number of kW"),
        ("p>1e400", "number of kW"),
        ("p>>5", "number of kW"),
        ("p>٣", "number of kW"),
        ("x" * (MAX_LENGTH + 1), "too long"),
    ],
)
def test_what_is_refused_and_how_it_is_said(text: str, said: str) -> None:
    with pytest.raises(FilterError, match=said):
        parse_filter(text)


def test_an_escape_sequence_in_a_filter_is_not_repeated_to_the_terminal() -> None:
    with pytest.raises(FilterError) as refusal:
        parse_filter("status:\x1b[31m")
    assert "\x1b" not in str(refusal.value)


def test_vtn_ok_is_not_ambiguous_and_an_ambiguous_beginning_is_refused() -> None:
    assert parse_filter("vtn:ok").terms == (Term(Field.VTN, "ok"),)
    with pytest.raises(FilterError):
        parse_filter("vtn:")


@given(st.text(max_size=60))
def test_every_text_is_a_filter_or_a_filter_error(text: str) -> None:
    said = ""
    try:
        parse_filter(text)
    except FilterError as error:
        said = str(error)
    assert said.isprintable()


@given(st.text(max_size=40))
def test_a_quoted_text_is_one_term_of_text(text: str) -> None:
    word = text.replace('"', "")
    expected = (Term(Field.TEXT, fold(word)),) if fold(word).strip() else ()
    assert parse_filter(f'"{word}"').terms == expected


def test_folding_ignores_case_and_width_but_keeps_danish_letters_apart() -> None:
    assert fold("ÅRHUS") == fold("århus") != fold("arhus")
    assert fold("ﬁsk") == fold("FISK")
    assert fold("STRASSE") == fold("straße")
