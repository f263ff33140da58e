"""Recorded meters, read as if they had been recorded today."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from vendash.sim.meterfiles import MeterFile
from vendash.sim.profiles import LOCAL_TIME

DAY = 86400
WEEKS_A_YEAR = 52


class MeterReplay:
    """The meters of a file on today's weekday and at the present time of day, local time.

    A file of several weeks gives several such readings of each meter, so that resources that
    share a meter need not move together. A file of a year or more is read near the same season;
    one that is shorter than a week is read by the time of day alone, one shorter than a day
    over and over. A meter's values are fractions of its own maximum; a negative one counts as 0.
    """

    MOST_WEEKS = 4

    def __init__(self, meters: MeterFile) -> None:
        watts = np.maximum(meters.watts, 0)
        self._units = watts / np.maximum(watts.max(axis=0, initial=0), np.float32(1e-6))
        self._start = meters.start
        self._step = meters.step or DAY  # a single row stands for any time
        self._seconds = self._step * len(watts)
        self._begin = datetime.fromtimestamp(meters.start, LOCAL_TIME)
        self._weeks = int(self._seconds // (7 * DAY))
        self.count = min(max(self._weeks, 1), self.MOST_WEEKS) * watts.shape[1]
        """How many readings `at` gives."""

    def at(self, unix_seconds: float) -> NDArray[np.float32]:
        """Every meter in every week that is used, shape (count,)."""
        return np.concatenate([self._row(moment) for moment in self._moments(unix_seconds)])

    def _moments(self, at: float) -> list[float]:
        """The unix times within the file that stand for an instant."""
        if self._seconds < DAY:
            return [self._start + (at - self._start) % self._seconds]
        local = datetime.fromtimestamp(at, LOCAL_TIME)
        first = datetime.combine(self._begin.date(), local.time(), LOCAL_TIME)
        if not self._weeks:
            return [self._within(first, 1)]
        first += timedelta(days=(local.weekday() - first.weekday()) % 7)
        season = (local.date() - self._begin.date()).days // 7 % WEEKS_A_YEAR
        from_week = season if self._weeks >= WEEKS_A_YEAR else 0
        weeks = range(from_week, from_week + min(self._weeks, self.MOST_WEEKS))
        return [self._within(first + timedelta(weeks=week % self._weeks), 7) for week in weeks]

    def _within(self, moment: datetime, days: int) -> float:
        """The moment, or the same one a period later where the file had not begun."""
        at = moment.timestamp()
        return at if at >= self._start else (moment + timedelta(days=days)).timestamp()

    def _row(self, moment: float) -> NDArray[np.float32]:
        place = min(max((moment - self._start) / self._step, 0.0), len(self._units) - 1.0)
        row = int(place)
        before, after = self._units[row], self._units[min(row + 1, len(self._units) - 1)]
        mixed: NDArray[np.float32] = before + (after - before) * np.float32(place - row)
        return mixed
