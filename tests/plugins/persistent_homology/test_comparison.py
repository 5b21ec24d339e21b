import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.clouds import distances_between
from plurigrid_ff_persistent_homology.comparison import (
    Comparison,
    Shares,
    block_shares,
    deal_blocks,
    margin_of_error,
)
from plurigrid_ff_persistent_homology.connected import cross_class_share
from scipy import stats

labelled = st.lists(st.integers(0, 3), min_size=20, max_size=90).map(
    lambda labels: np.array(labels, dtype=np.int64)
)


def shares(*values, merges=400):
    return Shares(np.array([values]), merges)


@given(labels=labelled, blocks=st.integers(2, 8), key=st.integers(0, 2**64 - 1))
def test_blocks_of_a_deal_share_no_probe_and_are_balanced(labels, blocks, key):
    dealt = deal_blocks(labels, blocks=blocks, deals=3, key=key)

    assert dealt.shape == (3, blocks, len(labels) // blocks)
    for deal in dealt:
        assert len(np.unique(deal)) == deal.size
        counts = np.stack([np.bincount(labels[block], minlength=4) for block in deal])
        assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_deals_differ_and_are_a_function_of_the_key():
    labels = np.arange(60) % 3
    first, again = (deal_blocks(labels, blocks=5, deals=2, key=1) for _ in range(2))
    other = deal_blocks(labels, blocks=5, deals=2, key=2)

    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()
    assert (first != other).any()


def test_block_shares_are_the_shares_of_the_blocks():
    rng = np.random.default_rng(5)
    cloud, labels = rng.normal(size=(30, 2)), np.arange(30) % 3
    dealt = deal_blocks(labels, blocks=3, deals=2, key=0)

    found = block_shares(distances_between(cloud), labels, dealt)

    whole = [[cross_class_share(cloud[b], labels[b]) for b in deal] for deal in dealt]
    np.testing.assert_allclose(found.values, np.array(whole) - 2 / 9)  # three classes
    assert found.merges == 3 * 9


def test_classes_that_are_apart_have_no_avoidable_merge():
    labels = np.arange(40) % 4
    line = labels[:, None] + 0.001 * np.arange(40)[:, None]
    dealt = deal_blocks(labels, blocks=2, deals=2, key=0)

    assert block_shares(distances_between(line), labels, dealt).mean == 0


def test_margin_of_error_is_that_of_a_t_interval():
    sample = np.array([0.1, 0.4, 0.2, 0.7, 0.3])

    found = margin_of_error(sample[None], alpha=0.05)

    low, high = stats.t.interval(0.9, 4, loc=sample.mean(), scale=stats.sem(sample))
    np.testing.assert_allclose(found, (high - low) / 2)


def test_a_clear_fall_is_told_from_the_limit():
    compared = Comparison(shares(0.1, 0.12, 0.11, 0.1), shares(0.3, 0.31, 0.29, 0.3))

    assert compared.at_most(1.0, alpha=0.05) == "yes"
    assert compared.at_most(0.2, alpha=0.05) == "no"


def test_a_noisy_fall_is_unclear():
    compared = Comparison(shares(0.1, 0.4, 0.2, 0.3), shares(0.3, 0.2, 0.4, 0.2))

    assert compared.at_most(1.0, alpha=0.05) == "unclear"


def test_a_layer_that_did_not_change_keeps_the_limit_of_one():
    same = shares(0.3, 0.2, 0.4, 0.2)

    assert Comparison(same, same).ratio == 1
    assert Comparison(same, same).at_most(1.0, alpha=0.05) == "yes"
    assert Comparison(same, same).at_most(0.9, alpha=0.05) == "no"


def test_too_few_merges_between_classes_prove_nothing_good_but_may_prove_mixing():
    clean = shares(0.01, 0.0, 0.0, 0.0)  # one merge of 400

    assert Comparison(shares(0.0, 0.0, 0.0, 0.0), clean).at_most(1.0, alpha=0.05) == "unclear"
    assert Comparison(clean, clean).at_most(0.1, alpha=0.05) == "unclear"
    assert Comparison(shares(0.5, 0.6, 0.5, 0.6), clean).at_most(1.0, alpha=0.05) == "no"


def test_a_ratio_to_nothing_is_no_number():
    assert Comparison(shares(0.5, 0.5), shares(0.0, 0.0)).ratio is None


def test_networks_of_equal_worth_are_rarely_told_apart():
    """Calibration: two noisy views of the same classes, 300 times, at alpha = 0.05."""
    answers = []
    labels = np.arange(100) % 2
    for trial in range(300):
        rng = np.random.default_rng(trial)
        signal = np.column_stack([2.5 * labels, np.zeros(100)])
        views = [distances_between(signal + rng.normal(size=(100, 2))) for _ in range(2)]
        dealt = deal_blocks(labels, blocks=10, deals=8, key=trial)
        pair = [block_shares(view, labels, dealt) for view in views]
        answers.append(Comparison(*pair).at_most(1.0, alpha=0.05))

    # 0.05 * 300 = 15 of either kind are expected of a t interval; 26 is 3 deviations more.
    assert answers.count("no") <= 26
    assert answers.count("yes") <= 26


def test_a_better_network_is_usually_told_apart():
    found = []
    labels = np.arange(200) % 2
    for trial in range(60):
        rng = np.random.default_rng(trial)
        noise = rng.normal(size=(200, 2))
        views = [
            distances_between(np.column_stack([gap * labels, 0 * labels]) + noise)
            for gap in (3.0, 1.5)
        ]
        dealt = deal_blocks(labels, blocks=10, deals=8, key=trial)
        pair = [block_shares(view, labels, dealt) for view in views]
        found.append(Comparison(*pair).at_most(1.0, alpha=0.05))

    assert found.count("yes") >= 50
