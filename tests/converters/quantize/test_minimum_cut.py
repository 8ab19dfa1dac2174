"""A minimum cut against trying every one."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from converters.quantize.minimum_cut import minimum_cut

NODES = ("source", "sink", 1, 2, 3, 4)
BETWEEN = NODES[2:]

edges = st.dictionaries(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda edge: edge[0] != edge[1]),
    st.integers(0, 9),
    max_size=16,
)


def cost(capacities, kept):
    return sum(amount for (tail, head), amount in capacities.items() if tail in kept and head not in kept)


@given(capacities=edges)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_other_cut_costs_less_or_as_much_with_fewer_nodes(capacities):
    found = minimum_cut(capacities, "source", "sink")
    others = [{"source", *chosen} for size in range(len(BETWEEN) + 1) for chosen in combinations(BETWEEN, size)]
    assert "source" in found
    assert "sink" not in found
    assert (cost(capacities, found), len(found)) == min((cost(capacities, kept), len(kept)) for kept in others)


def test_a_chain_is_cut_at_its_weakest_link():
    links = {("source", "a"): 5, ("a", "b"): 2, ("b", "sink"): 4}
    assert minimum_cut(links, "source", "sink") == {"source", "a"}


def test_a_long_chain_is_no_deep_recursion():
    links = {(place, place + 1): 3 for place in range(5000)}
    assert minimum_cut(links, 0, 5000) == {0}
