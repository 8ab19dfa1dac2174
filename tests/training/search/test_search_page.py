from training.search.page import plot_of


def trial(number, quality):
    return {"number": number, "quality": quality}


def test_the_front_is_what_no_other_trial_beats_at_its_cost_and_equals_are_shown_once():
    trials = [trial(0, 1.0), trial(1, 1.0), trial(2, 0.5), trial(3, 0.4), trial(4, 0.4)]
    plot = plot_of("milliseconds", trials, [2.0, 2.0, 1.0, 1.5, 90.0])
    assert [one.number for one in plot.places if one.front] == [0, 2]
    assert [one.number for one in plot.places][:3] == [1, 3, 4]  # drawn below the front
    assert {tick.text for tick in plot.across} >= {"1", "10"}  # logarithmic, for they span a large ratio
