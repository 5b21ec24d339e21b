import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.data.shards import deal_shards
from plurigrid_ff.errors import DataError

NAMES = tuple("abcdefghij")


def deal(y, agents, shards, seed=0, classes=None):
    count = classes or int(y.max()) + 1
    return deal_shards(y, agents, shards, class_names=NAMES[:count], seed=seed)


societies = st.builds(
    lambda agents, classes, number, seed: (agents, classes, min(number, classes), seed),
    st.integers(2, 7),
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(0, 2**40),
).filter(lambda s: s[0] * s[2] >= s[1])


@settings(max_examples=40, deadline=None)
@given(societies, st.booleans(), st.randoms(use_true_random=False))
def test_every_sample_is_dealt_to_exactly_one_agent_whatever_the_order(society, iid, random):
    agents, classes, number, seed = society
    y = np.arange(50 * classes) % classes
    names = [f"agent-{place}" for place in range(agents)]
    shards = "iid" if iid else f"classes:{number}"
    dealt = deal(y, names, shards, seed)

    assert sorted(np.concatenate(list(dealt.values())).tolist()) == list(range(len(y)))
    mixed = list(names)
    random.shuffle(mixed)
    again = deal(y, mixed, shards, seed)
    for name in names:
        np.testing.assert_array_equal(again[name], dealt[name])
        assert (np.diff(dealt[name]) > 0).all()
        if not iid:
            assert len(set(y[dealt[name]].tolist())) == number


def test_iid_shards_are_equal_in_size_and_differ_from_seed_to_seed():
    y = np.arange(103) % 3
    one, other = (deal(y, ["a", "b", "c"], "iid", seed) for seed in (0, 1))

    assert sorted(map(len, one.values())) == [34, 34, 35]
    assert one["a"].tolist() != other["a"].tolist()


def test_classes_have_equally_many_agents_who_share_their_samples_equally():
    y = np.arange(1000) % 10
    dealt = deal(y, [f"agent-{place}" for place in range(8)], "classes:5")

    counts = np.array([np.bincount(y[own], minlength=10) for own in dealt.values()])
    assert ((counts > 0).sum(axis=0) == 4).all()  # 8 agents with 5 of 10 classes each
    assert set(counts[counts > 0].tolist()) == {25}
    assert len({tuple(row > 0) for row in counts}) > 2  # and not two camps


@pytest.mark.parametrize(
    ("y", "agents", "shards", "message"),
    [
        (np.arange(40) % 4, 2, "classes:5", r"asks for 5 classes per agent, but there are 4"),
        (np.arange(40) % 4, 4, "classes:1", r"'classes:1' leaves nothing to tell apart"),
        (np.arange(60) % 6, 2, "classes:2", r"leave 2 of 6 classes to nobody; take 'classes:3'"),
        (np.arange(3) % 3, 4, "iid", r"the shard of agent-\d has [01] samples of [01] classes"),
        (np.zeros(40, int), 2, "iid", r"the shard of agent-0 has 20 samples of 1 classes"),
    ],
)
def test_shards_that_cannot_be_are_refused(y, agents, shards, message):
    with pytest.raises(DataError, match=rf"society\.shards: .*{message}"):
        deal(y, [f"agent-{place}" for place in range(agents)], shards)
