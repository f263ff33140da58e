"""The braille chart: what stands where, and what one more second changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from vendash.widgets.chart import Axis, Chart, LoadChart, Numbers, draw_chart, fit_axis

NOW = 1_700_000_000.0
SECONDS = np.arange(NOW - 900, NOW + 1)
WIDTH = 60


def chart(kw: Numbers, *, at: Numbers = SECONDS, now: float = NOW, height: int = 10) -> Chart:
    return draw_chart(at, kw, now=now, width=WIDTH, height=height)


def curve(drawn: Chart) -> list[str]:
    """What is drawn right of the labels, without heading and time axis, padded to full width."""
    return [line[9:].ljust(WIDTH - 9) for line in drawn.lines[1:-1]]


def drawn_columns(drawn: Chart) -> list[bool]:
    """Whether anything is drawn in a column of cells."""
    return [any(cell != " " for cell in column) for column in zip(*curve(drawn), strict=True)]


def test_a_chart_has_its_heading_its_scale_and_its_time_axis() -> None:
    lines = chart(np.linspace(600.0, 900.0, 901)).lines

    assert lines[0] == "      kW"
    assert lines[-1].split() == ["-15", "min", "now"]
    assert len(lines[-1]) == WIDTH
    assert len(lines) == 10


def test_labels_are_round_numbers_right_aligned_at_even_distances() -> None:
    lines = chart(np.linspace(610.0, 890.0, 901)).lines
    labels = {row: line[:8] for row, line in enumerate(lines[1:-1]) if line[:8].strip()}

    assert list(labels.values()) == ["     900", "     800", "     700", "     600"]
    assert len(set(np.diff(list(labels)))) == 1


def test_thousands_are_grouped_and_small_values_have_their_digits() -> None:
    assert "200,000" in "".join(chart(np.linspace(1e5, 2.6e5, 901)).lines)
    assert "0.5" in "".join(chart(np.linspace(0.0, 0.9, 901)).lines)


def test_a_labelled_value_is_drawn_level_with_its_label() -> None:
    axis = Axis(low=600.0, step=100.0, every=2, rows=8)

    assert axis.labels() == {7: "600", 5: "700", 3: "800", 1: "900"}
    assert (axis.dots(np.array([600.0, 700.0, 800.0, 900.0])) // 4).tolist() == [7, 5, 3, 1]


def test_a_higher_value_is_drawn_higher() -> None:
    rows = curve(chart(np.linspace(100.0, 900.0, 901)))

    start = [row for row, line in enumerate(rows) if line[0] != " "]
    end = [row for row, line in enumerate(rows) if line[-1] != " "]
    assert max(end) < min(start)


def test_a_gap_of_nan_stays_a_gap() -> None:
    """Where no reading was no line is drawn, also between two values that are there."""
    kw = np.full(901, 500.0)
    kw[300:600] = np.nan

    columns = drawn_columns(chart(kw))
    assert columns == [True] * 17 + [False] * 16 + [True] * 18
    assert all(drawn_columns(chart(np.full(901, 500.0))))


def test_time_without_readings_is_a_gap_even_when_no_row_says_so() -> None:
    at = np.concatenate([SECONDS[:300], SECONDS[600:]])

    assert drawn_columns(chart(np.full(len(at), 5.0), at=at)).count(False) == 16


def test_slow_readings_are_joined_on_a_wide_screen() -> None:
    """A reading every four seconds is a curve, not a row of dots, however wide the screen is."""
    drawn = draw_chart(SECONDS[::4], np.full(226, 5.0), now=NOW, width=320, height=10)

    line = next(line[9:] for line in drawn.lines[1:-1] if line[9:].strip())
    assert " " not in line.strip()
    assert len(line.strip()) > 300


def test_a_chart_without_values_is_empty_and_still_has_its_time_axis() -> None:
    for nothing in (chart(np.full(901, np.nan)), chart(np.empty(0), at=np.empty(0))):
        assert not any(drawn_columns(nothing))
        assert nothing.lines[-1].endswith("now")
        assert nothing.axis is None


def test_what_is_older_than_the_chart_leaves_at_the_left() -> None:
    later = chart(np.full(901, 5.0), now=NOW + 450)

    assert drawn_columns(later) == [True] * 26 + [False] * 25
    assert not any(drawn_columns(chart(np.full(901, 5.0), now=NOW + 2000)))


def test_values_below_zero_show_a_zero_line_that_does_not_hide_the_curve() -> None:
    drawn = chart(np.concatenate([np.full(450, -100.0), np.full(451, 100.0)]))
    zero = next(line for line in drawn.lines if line.startswith("       0 "))

    assert zero.count("⠄") >= WIDTH - 9 - 2
    assert "⠄" not in "".join(chart(np.linspace(0.0, 50.0, 901)).lines)


def test_export_alone_is_drawn_below_zero() -> None:
    drawn = chart(np.full(901, -41.2))

    assert "-40" in "".join(drawn.lines)
    assert drawn.axis is not None
    assert drawn.axis.low < -41.2


def test_noise_of_a_steady_load_is_not_drawn_as_mountains() -> None:
    noise = np.random.default_rng(1).normal(812.4, 0.5, 901)

    assert sum(bool(line.strip()) for line in curve(chart(noise))) == 1


def test_a_tiny_room_is_left_empty_instead_of_failing() -> None:
    kw = np.full(901, 5.0)

    assert draw_chart(SECONDS, kw, now=NOW, width=10, height=10).lines == [""] * 10
    assert draw_chart(SECONDS, kw, now=NOW, width=60, height=4).lines == [""] * 4
    assert draw_chart(SECONDS, kw, now=NOW, width=0, height=0).lines == []


def test_a_second_more_changes_few_lines() -> None:
    """Time is cut at multiples of a dot's width, so the curve stands still between two dots."""
    at = np.arange(NOW - 1000, NOW + 100)
    kw = 750 + 150 * np.sin(np.arange(len(at)) / 100)
    changed = []
    before = draw_chart(at[:1001], kw[:1001], now=NOW, width=WIDTH, height=10)
    for second in range(1, 90):
        end = 1001 + second
        after = draw_chart(
            at[:end], kw[:end], now=NOW + second, width=WIDTH, height=10, axis=before.axis
        )
        changed.append(sum(a != b for a, b in zip(before.lines, after.lines, strict=True)))
        before = after

    assert sum(count <= 2 for count in changed) >= 78
    assert sum(changed) < 180


def test_the_scale_rests_while_the_curve_fits_and_follows_when_it_does_not() -> None:
    first = fit_axis(600.0, 900.0, 8)

    assert fit_axis(650.0, 880.0, 8, first) == first
    assert fit_axis(600.0, 1500.0, 8, first) != first
    assert fit_axis(10.0, 20.0, 8, first) != first
    assert fit_axis(600.0, 900.0, 12, first) != first


@given(
    low=st.floats(-1e6, 1e6, allow_nan=False),
    span=st.floats(0.0, 1e6),
    rows=st.integers(4, 40),
)
def test_every_value_lies_on_the_axis_that_is_fitted_to_it(
    low: float, span: float, rows: int
) -> None:
    axis = fit_axis(low, low + span, rows)

    assert axis.low <= low
    assert low + span <= axis.high
    assert len(axis.labels()) >= 2
    assert len(set(axis.labels().values())) == len(axis.labels())


class ChartApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.chart = RecordingChart()

    def compose(self) -> ComposeResult:
        yield self.chart


class RecordingChart(LoadChart):
    """Remembers what it asked to have painted again."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[Region] = []

    def refresh(self, *regions: Region, **options: bool) -> RecordingChart:
        self.painted.extend(regions)
        super().refresh(*regions, **options)
        return self


async def test_only_the_lines_that_changed_are_painted_again() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 10)):
        app.chart.show(SECONDS, np.full(901, 5.0), now=NOW)
        app.chart.painted.clear()

        app.chart.show(SECONDS, np.full(901, 5.0), now=NOW)
        assert app.chart.painted == []

        kw = np.full(901, 5.0)
        kw[-1] = 5.2
        app.chart.show(SECONDS, kw, now=NOW)
        assert 1 <= len(app.chart.painted) <= 2
        assert all(region.height == 1 for region in app.chart.painted)


async def test_a_chart_follows_the_size_of_its_terminal() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.chart.show(SECONDS, np.full(901, 5.0), now=NOW)
        await pilot.resize_terminal(90, 20)
        await pilot.pause()

        lines = app.chart.text.split("\n")
        assert len(lines) == 20
        assert len(lines[-1]) == 90
