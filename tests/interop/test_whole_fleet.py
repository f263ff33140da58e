"""The whole sample fleet gets to a certified VTN, each VEN and resource exactly once."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator

import pytest

from tests.interop.bare import bare
from tests.interop.openleadr import OpenLeadr
from tests.interop.processes import wait_for
from tests.interop.site import Site, entries_at

VENS, RESOURCES = 158, 10_562
KILLS, RESTARTS = 10, 4

pytestmark = [pytest.mark.interop, pytest.mark.timeout(1800)]


def moments(number: int, seed: int) -> Iterator[int]:
    """So many counts of items at the VTN, in order, the same in every run."""
    return iter(sorted(random.Random(seed).sample(range(VENS + RESOURCES), number)))


def registering(site: Site) -> subprocess.Popen[str]:
    return site.start("register", "--json")


def wait_for_items(vtn: OpenLeadr, number: int, process: subprocess.Popen[str]) -> None:
    """Until the VTN holds so many, however long it takes, while the registration goes on."""
    held = -1

    def more_or_over() -> bool:
        return process.poll() is not None or sum(vtn.count()) > held

    while held < number:
        wait_for(more_or_over, f"more than {held} items at the VTN", every=0.2)
        assert process.poll() is None, process.communicate()
        held = sum(vtn.count())


def check_all_there(site: Site, vtn: OpenLeadr) -> None:
    """Everything once, as it is here; and vendash knows: to register again writes nothing."""
    with bare(vtn.url, vtn.client_id, vtn.client_secret) as other:
        assert len(other.vens()) == VENS
        there = entries_at(other)
    assert there == site.entries()
    assert there.total() == RESOURCES
    assert vtn.count() == (VENS, RESOURCES)

    written = last_write(vtn)
    said = site.said("register")
    assert said["vens"] == {"registered": 0, "already": VENS, "failed": 0}
    assert said["resources"] == {"registered": 0, "already": RESOURCES, "failed": 0}
    assert last_write(vtn) == written


def last_write(vtn: OpenLeadr) -> list[list[str]]:
    return vtn.sql(
        "select (select max(modification_date_time) from ven),"
        " (select max(modification_date_time) from resource)"
    )


def test_the_whole_fleet_is_registered_each_item_once(site: Site, vtn: OpenLeadr) -> None:
    said = site.said("register")
    assert said["vens"] == {"registered": VENS, "already": 0, "failed": 0}
    assert said["resources"] == {"registered": RESOURCES, "already": 0, "failed": 0}
    assert said["failures"] == []
    check_all_there(site, vtn)


def test_killed_ten_times_it_registers_nothing_twice_and_misses_nothing(
    site: Site, vtn: OpenLeadr
) -> None:
    for number in moments(KILLS, seed=41):
        with registering(site) as process:
            wait_for_items(vtn, number, process)
            process.kill()
    said = site.said("register")
    assert said["failures"] == []
    resources = said["resources"]
    assert resources["registered"] + resources["already"] == RESOURCES
    check_all_there(site, vtn)


def test_a_vtn_that_is_killed_and_comes_back_gets_everything_once(
    site: Site, vtn: OpenLeadr
) -> None:
    """One `vendash register` lives through all of it; every token dies with the VTN."""
    with registering(site) as process:
        for number in moments(RESTARTS, seed=42):
            wait_for_items(vtn, number, process)
            vtn.kill()
            vtn.start()
        out, errors = process.communicate()
    assert process.returncode == 0, (out, errors)
    check_all_there(site, vtn)
