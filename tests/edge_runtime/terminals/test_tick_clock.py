from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.terminals.chip_news import MOMENTS_KEPT, Moments
from edge_runtime.terminals.tick_clock import TickClock

US = 1000


def test_an_event_is_as_old_as_its_tick_says_however_late_it_is_told():
    clock = TickClock(1_000_000)
    clock.see(5_000_000, 100_000_000 * US)
    assert clock.at_ns(5_000_000) == 100_000_000 * US
    assert clock.at_ns(4_950_000) == 99_950_000 * US


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=100), st.integers(0, 2**32 - 1), st.integers(1, 2**40))
def test_the_fastest_message_tells_the_time_of_all_and_none_is_told_early(delays_us, first, origin_us):
    clock = TickClock(1_000_000)
    for number, delay_us in enumerate(delays_us):
        clock.see((first + number * 20_000) % 2**32, (origin_us + number * 20_000 + delay_us) * US)
    last = len(delays_us) - 1
    told_ns = clock.at_ns((first + last * 20_000) % 2**32)
    assert told_ns == (origin_us + last * 20_000 + min(delays_us)) * US


def test_a_clock_that_drifts_is_followed():
    clock = TickClock(1_000_000)
    for second in range(1000):
        clock.see(second * 1_000_000, second * 1_000_050 * US)
    assert abs(clock.at_ns(999 * 1_000_000) - 999 * 1_000_050 * US) < 7_000 * US


def test_each_part_has_a_moment_of_its_own():
    moments = Moments()
    assert moments.add(1000, 1, 0, 0) == 1000
    assert moments.add(1000, 2, 0, 0) == 1001
    assert moments.add(900, 6, 3, 0) == 1005
    assert [moments.number_at(at) for at in range(1000, 1007)] == [1, 2, 3, 4, 5, 6, None]


def test_only_the_last_parts_are_remembered():
    moments = Moments()
    for number in range(1, MOMENTS_KEPT + 2):
        moments.add(number * 10, number, 0, 0)
    assert moments.number_at(10) is None
    assert moments.number_at(20) == 2
