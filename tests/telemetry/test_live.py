"""What the engine publishes is what consoles read, now and after its end."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.telemetry.rosters import roster, tick
from vendash.errors import VendashError
from vendash.telemetry import ring
from vendash.telemetry.live import LiveReader, LiveWriter
from vendash.telemetry.ticks import Quality, Roster, Tick, TickReader


def same(first: Roster, second: Roster) -> bool:
    """Whether two rosters say the same."""
    return (
        (first.generation, first.ven_names) == (second.generation, second.ven_names)
        and np.array_equal(first.keys, second.keys)
        and np.array_equal(first.types, second.types)
        and np.array_equal(first.vens, second.vens)
    )


@pytest.mark.parametrize(
    "published",
    [
        roster(0, vens=0),
        roster(1, vens=1),
        roster(10_562, vens=158),
        roster(7, first_key=2**40),
        roster(9, vens=65_600),
    ],
    ids=["empty", "one", "sample", "large keys", "many VENs"],
)
def test_a_reader_sees_the_roster_and_the_tick_that_were_published(
    folder: Path, published: Roster
) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    count = len(published)
    kw = np.random.default_rng(1).uniform(-50, 50, count).astype(np.float32)
    quality = (np.arange(count) % len(Quality)).astype(np.uint8)
    kw[quality == Quality.NONE] = np.nan
    writer.publish_roster(published)
    writer.publish(Tick(41, 1.5e9, 1, kw, quality, simulated=False))
    seen, newest = reader.roster(), reader.latest()
    assert seen is not None
    assert newest is not None
    assert same(seen, published)
    assert (newest.sequence, newest.at, newest.generation) == (41, 1.5e9, 1)
    assert not newest.simulated
    assert np.array_equal(newest.kw, kw, equal_nan=True)
    assert np.array_equal(newest.quality, quality)
    writer.close()
    reader.close()


def test_the_reader_is_what_a_screen_expects(folder: Path) -> None:
    reader: TickReader = LiveReader(folder)
    assert (reader.roster(), reader.latest(), reader.sums()) == (None, None, None)


def test_before_the_first_tick_there_is_a_roster_and_nothing_else(folder: Path) -> None:
    LiveWriter(folder).publish_roster(roster(5))
    reader = LiveReader(folder)
    assert reader.roster() is not None
    assert (reader.latest(), reader.sums(), reader.age()) == (None, None, None)
    assert reader.ticks_since(-1) == []


def test_ticks_that_were_read_cannot_be_written_to(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(5))
    writer.publish(tick(1, 5))
    newest = reader.latest()
    assert newest is not None
    assert not newest.kw.flags.writeable
    assert not newest.quality.flags.writeable


def test_the_ticks_since_one_come_oldest_first_as_far_as_the_ring_has_them(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(5))
    for sequence in range(100, 300):
        writer.publish(tick(sequence, 5))
    assert [one.sequence for one in reader.ticks_since(296)] == [297, 298, 299]
    assert reader.ticks_since(299) == []
    all_of_them = reader.ticks_since(0)
    assert [one.sequence for one in all_of_them] == list(range(300 - ring.MOST_SLOTS, 300))
    assert all((one.kw == one.sequence).all() for one in all_of_them)


def test_a_writer_that_ends_leaves_nothing_that_could_look_live(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(5))
    writer.publish(tick(1, 5))
    assert reader.latest() is not None
    writer.close()
    writer.close()
    assert (reader.latest(), reader.roster(), reader.age()) == (None, None, None)
    assert list(folder.iterdir()) == []


def test_a_writer_that_was_killed_leaves_its_last_values_and_their_age_grows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import os, pathlib; from tests.telemetry.rosters import roster, tick\n"
        "from vendash.telemetry.live import LiveWriter\n"
        f"writer = LiveWriter(pathlib.Path({os.fspath(folder)!r}))\n"
        "writer.publish_roster(roster(5)); writer.publish(tick(8, 5)); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    reader = LiveReader(folder)
    newest, age = reader.latest(), reader.age()
    assert newest is not None
    assert newest.sequence == 8
    assert age is not None
    later = time.monotonic() + 100
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert reader.age() == pytest.approx(age + 100, abs=5)


def test_another_roster_reaches_a_reader_that_has_the_old_one_open(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(5))
    writer.publish(tick(1, 5))
    assert reader.latest() is not None
    writer.publish_roster(roster(8, generation=2))
    seen = reader.roster()
    assert seen is not None
    assert (seen.generation, len(seen)) == (2, 8)
    assert reader.latest() is None, "the newest tick is of the newest roster"
    writer.publish(tick(2, 8, generation=2))
    newest = reader.latest()
    assert newest is not None
    assert len(newest.kw) == 8


def test_a_tick_of_another_roster_is_refused(folder: Path) -> None:
    writer = LiveWriter(folder)
    with pytest.raises(ValueError, match="another roster"):
        writer.publish(tick(1, 5))
    writer.publish_roster(roster(5, generation=2))
    with pytest.raises(ValueError, match="another roster"):
        writer.publish(tick(1, 5, generation=1))


def test_only_its_owner_can_read_a_ring(folder: Path) -> None:
    LiveWriter(folder).publish_roster(roster(5))
    mode = (folder / ring.NAME).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


# --- sums ----------------------------------------------------------------------------------


def test_sums_are_kept_for_15_minutes_second_by_second(folder: Path) -> None:
    """A thousand ticks, a second apart: the last 900, oldest first."""
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(8, vens=2))
    for sequence in range(1000):
        writer.publish(tick(sequence, 8))
    sums = reader.sums()
    assert sums is not None
    assert sums.at.tolist() == list(range(100, 1000))
    assert sums.by_type.shape == (900, 4)
    assert np.array_equal(sums.by_type[:, 0], 2 * sums.at)
    assert np.array_equal(sums.by_ven[:, 1], 4 * sums.at)
    assert sums.ven_names == ("Nykøbing 0", "Nykøbing 1")
    assert set(sums.readings.tolist()) == {8}
    minute = reader.sums(60)
    assert minute is not None
    assert minute.at.tolist() == list(range(940, 1000))


def test_ticks_of_a_tenth_of_a_second_make_about_one_sum_a_second(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(8))
    for sequence in range(600):
        writer.publish(tick(sequence, 8, at=sequence / 10))
    sums = reader.sums()
    assert sums is not None
    assert np.diff(sums.at).min() >= 0.7
    assert 60 <= len(sums.at) <= 80


def test_stale_readings_are_not_summed(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(8))
    writer.publish(tick(1, 8, quality=Quality.STALE))
    sums = reader.sums()
    assert sums is not None
    assert np.isnan(sums.by_type).all()
    assert sums.readings.tolist() == [0]


def test_after_the_clock_was_set_back_sums_go_on_from_the_new_time(folder: Path) -> None:
    """A Pi boots with a wrong clock: what lies in the future is not shown."""
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(8))
    for sequence, at in enumerate([5000.0, 5001.0, 5002.0, 1000.0, 1001.0]):
        writer.publish(tick(sequence, 8, at=at))
    sums = reader.sums()
    assert sums is not None
    assert sums.at.tolist() == [1000.0, 1001.0]


@pytest.mark.parametrize(("vens", "kept"), [(3, [0.0, 1.0, 2.0]), (4, [2.0])])
def test_sums_outlive_a_new_roster_with_the_same_vens(
    folder: Path, vens: int, kept: list[float]
) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(8, vens=3))
    writer.publish(tick(0, 8))
    writer.publish(tick(1, 8))
    writer.publish_roster(roster(400, vens=vens, generation=2))
    writer.publish(tick(2, 400, generation=2))
    sums = reader.sums()
    assert sums is not None
    assert sums.at.tolist() == kept


# --- trouble -------------------------------------------------------------------------------


def test_a_full_tmpfs_is_one_sentence_and_leaves_nothing_behind(folder: Path) -> None:
    """The system's limit of file sizes stands for a full disk: both are an error of a write."""
    program = (
        "import pathlib, resource; from tests.telemetry.rosters import roster\n"
        "from vendash.models import VendashError\n"
        "from vendash.telemetry.live import LiveWriter\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n"
        f"    LiveWriter(pathlib.Path({os.fspath(folder)!r})).publish_roster(roster(10_562))\n"
        "except VendashError as error:\n"
        "    print(error)"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    said = run.stdout.decode().strip()
    assert said.startswith("The live view needs 3.")
    assert os.fspath(folder) in said
    assert said.count("\n") == 0
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_gone_is_one_sentence(folder: Path) -> None:
    with pytest.raises(VendashError, match="The live view needs"):
        LiveWriter(folder / "gone").publish_roster(roster(5))


def test_a_fleet_that_does_not_fit_is_refused_in_one_sentence(folder: Path) -> None:
    with pytest.raises(VendashError, match="3,000,000 resources in 3 VENs are too many"):
        LiveWriter(folder).publish_roster(roster(3_000_000))


def test_a_roster_that_does_not_fit_leaves_the_old_one_in_use(folder: Path) -> None:
    writer, reader = LiveWriter(folder), LiveReader(folder)
    writer.publish_roster(roster(5))
    with pytest.raises(VendashError):
        writer.publish_roster(roster(3_000_000, generation=2))
    writer.publish(tick(1, 5))
    assert reader.latest() is not None
