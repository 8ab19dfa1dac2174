from __future__ import annotations

from edge_runtime.capture.stream_lag import StreamLag

MS = 1_000_000
FRAME = 40 * MS


def test_frames_that_come_as_they_are_recorded_have_no_lag() -> None:
    lag = StreamLag()
    assert [lag.observe(500 * MS + n * FRAME, n * FRAME) for n in range(100)] == [0] * 100


def test_a_frame_that_waited_in_a_buffer_is_as_old_as_its_wait() -> None:
    lag = StreamLag()
    for n in range(10):
        lag.observe(n * FRAME, n * FRAME)
    stalled = lag.observe(10 * FRAME + 2000 * MS, 10 * FRAME)
    assert abs(stalled - 2000 * MS) <= 3 * MS


def test_a_camera_whose_clock_runs_slow_does_not_grow_old_over_a_day() -> None:
    lag = StreamLag()
    day_ns = 24 * 3600 * 1000 * MS
    worst = max(
        lag.observe(n * 1000 * MS, int(n * 1000 * MS * (1 - 1e-4))) for n in range(0, day_ns // (1000 * MS), 10)
    )
    assert worst <= 1 * MS


def test_what_was_buffered_at_the_start_becomes_the_measure_once_it_is_gone() -> None:
    lag = StreamLag()
    lag.observe(900 * MS, 0)
    lag.observe(901 * MS, FRAME)
    assert lag.observe(901 * MS + FRAME, 2 * FRAME + 800 * MS) == 0
    assert lag.observe(901 * MS + 2 * FRAME + 100 * MS, 3 * FRAME + 800 * MS) >= 99 * MS
