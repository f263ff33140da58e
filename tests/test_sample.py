"""The sample data that are shipped, as they are."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tools.towns import read_towns
from vendash import gsrn, sample
from vendash.errors import VendashError
from vendash.models import ResourceType
from vendash.sim.meterfiles import read_meter_file
from vendash.sim.profiles import load_unit_profiles
from vendash.store.assets import Assets, read_assets


@pytest.fixture(scope="module")
def fleet() -> Assets:
    return read_assets(sample.sample_assets())


def test_the_fleet_is_10562_resources_without_a_problem(fleet: Assets) -> None:
    assert (len(fleet.resources), fleet.problems, fleet.duplicates) == (10_562, [], [])


def test_it_has_158_vens_of_the_known_sizes(fleet: Assets) -> None:
    vens = Counter(resource.ven for resource in fleet.resources)
    assert len(vens) == 158
    known = {name: vens[name] for name in ("Herning", "Aalborg", "Lemvig", "Aarhus")}
    assert known == {"Herning": 1014, "Aalborg": 1254, "Lemvig": 266, "Aarhus": 1114}
    assert min(vens.values()) >= 6
    assert {"Nykøbing Falster", "Nykøbing Mors", "Kongens Lyngby", "Ålsgårde"} <= set(vens)


def test_it_has_all_types_in_believable_proportions_and_many_sub_types(fleet: Assets) -> None:
    types = Counter(resource.resource_type for resource in fleet.resources)
    assert types[ResourceType.DSR] > 7000
    assert all(100 < types[kind] < 1000 for kind in set(ResourceType) - {ResourceType.DSR})
    sub_types = Counter(resource.resource_sub_type for resource in fleet.resources)
    assert len(sub_types) >= 16
    assert {"Bars", "Hotels", "Schools", "Swimmingpools", "Industry", "Supermarkets"} <= set(
        sub_types
    )
    assert {"Coldstores", "Chargingstations", "Solarparks", "Batteries"} <= set(sub_types)


@pytest.mark.parametrize("mark", ['"', ",", "'", "&", "æ", "ø", "å", "é", "[", "[/", "🍕", "☀️"])
def test_its_names_have_what_names_have_in_the_wild(fleet: Assets, mark: str) -> None:
    assert any(mark in resource.resource_name for resource in fleet.resources)


def test_ids_are_unique_and_meter_points_are_valid_and_unique(fleet: Assets) -> None:
    assert len({resource.resource_id for resource in fleet.resources}) == 10_562
    points = {resource.meter_point_id for resource in fleet.resources}
    assert len(points) == 10_562
    assert all(gsrn.is_valid(point) for point in points)


def test_reading_it_again_gives_the_same_fleet(fleet: Assets) -> None:
    assert read_assets(sample.sample_assets()) == fleet


def test_its_ids_have_not_changed_since_they_were_published(fleet: Assets) -> None:
    """Another id here would double every fleet that was imported before."""
    first = fleet.resources[0]
    assert first.resource_name == "Bager Møller"
    assert first.resource_id == "38cef532-d546-5868-981f-42636ae5cee5"


def test_resources_stand_around_their_town(fleet: Assets) -> None:
    towns = {town.name: town for town in read_towns()}
    for resource in fleet.resources:
        town = towns[resource.ven or ""]
        north = (resource.location.latitude - town.latitude) * 111.2
        east = (resource.location.longitude - town.longitude) * 111.2 * math.cos(math.radians(56))
        assert math.hypot(north, east) < 45


def test_capacities_are_in_their_bounds(fleet: Assets) -> None:
    for resource in fleet.resources:
        own = resource.capacities
        assert own.p_min_kw <= own.p_max_kw
        assert 0 <= own.e_min_kwh <= own.e_max_kwh
        if resource.resource_type is ResourceType.PV:
            assert own.p_min_kw < 0 == own.p_max_kw


def test_the_meter_file_has_153_meters_for_four_weeks_at_15_minutes() -> None:
    meters = read_meter_file(sample.sample_meter_file())
    assert meters.watts.shape == (4 * 7 * 96, 153)
    assert meters.step == 900
    assert len(set(meters.meter_ids)) == 153
    assert (meters.watts >= 0).all()
    assert 5_000 < meters.watts.mean() < 50_000
    assert (meters.watts.std(axis=0) > 0.1 * meters.watts.mean(axis=0)).all()
    assert np.isfinite(meters.watts).all()


def test_the_data_are_small() -> None:
    assert sum(file.stat().st_size for file in sample.sample_assets().iterdir()) < 2_000_000
    assert sample.sample_meter_file().stat().st_size < 4_000_000
    profiles = Path(sample.__file__).parent / "sim" / "unit_profiles.h5"
    assert profiles.stat().st_size < 400_000
    assert len(load_unit_profiles().names) >= 12


def test_the_package_of_a_wheel_comes_before_the_checkout_and_neither_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "vendash"
    monkeypatch.setattr(sample, "_HERE", package)
    with pytest.raises(VendashError, match=r"sample data .*are missing: install vendash again"):
        sample.sample_assets()
    in_checkout = tmp_path / "site" / "config" / "exampleassets"
    in_checkout.mkdir(parents=True)
    assert sample.sample_assets() == in_checkout
    in_wheel = package / "config" / "exampleassets"
    in_wheel.mkdir(parents=True)
    assert sample.sample_assets() == in_wheel
