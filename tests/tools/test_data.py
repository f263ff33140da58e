"""What the tools make the sample data of, and the fleets of any size."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from tools import make_meter_data
from tools.danish_names import SIGNS, STREETS, WORDS
from tools.kinds import KINDS
from tools.make_big_fleet import big_fleet, write
from tools.towns import read_towns
from vendash import gsrn
from vendash.sample import sample_meter_file
from vendash.sim.meterfiles import read_meter_file
from vendash.store import open_store


def test_the_towns_are_158_places_in_denmark_with_postcodes_of_their_own() -> None:
    towns = read_towns()
    assert len(towns) == len({town.name for town in towns}) == 158
    assert len({town.postcode for town in towns}) == 158
    for town in towns:
        assert 54.5 < town.latitude < 57.8
        assert 8 < town.longitude < 15.3
        assert 1000 <= int(town.postcode) <= 9990
        assert town.population > 1000


def test_every_sub_type_has_signs_streets_and_words_for_their_blanks() -> None:
    assert set(SIGNS) == set(KINDS)
    assert all(kind.streets in STREETS for kind in KINDS.values())
    blanks = {
        field
        for signs in SIGNS.values()
        for sign in signs
        for _, field, _, _ in Formatter().parse(sign)
        if field
    }
    assert blanks <= {*WORDS, "town", "street"}


def test_the_committed_meter_file_is_what_its_tool_makes(tmp_path: Path) -> None:
    make_meter_data.write(tmp_path / "load_data.h5")
    made, committed = (
        read_meter_file(tmp_path / "load_data.h5"),
        read_meter_file(sample_meter_file()),
    )
    assert made.meter_ids == committed.meter_ids
    np.testing.assert_allclose(made.watts, committed.watts, atol=10)


def test_a_big_fleet_is_the_same_for_the_same_seed_and_has_unique_ids() -> None:
    fleet = list(big_fleet(3000, seed=7))
    assert fleet == list(big_fleet(3000, seed=7))
    assert fleet != list(big_fleet(3000, seed=8))
    assert len({resource.resource_id for resource in fleet}) == 3000
    assert len({resource.meter_point_id for resource in fleet}) == 3000
    assert all(gsrn.is_valid(resource.meter_point_id) for resource in fleet)
    assert len({resource.resource_type for resource in fleet}) == 4
    assert len({resource.ven for resource in fleet}) > 140


def test_a_big_fleet_is_made_one_at_a_time() -> None:
    assert len(list(islice(big_fleet(10**9), 5))) == 5


async def test_a_big_fleet_is_written_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.make_big_fleet.BATCH", 400)
    await write(tmp_path / "big.db", 1000)
    async with await open_store(tmp_path / "big.db", read_only=True) as store:
        assert (await store.work()).total == 1000
    assert capsys.readouterr().out.splitlines()[-1] == "1,000 resources"
