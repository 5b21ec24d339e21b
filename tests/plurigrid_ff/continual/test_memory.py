from collections import Counter

import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.continual.memory import Memory


def shown(labels, per_class, seed=0):
    """A memory that was shown samples which hold their own place."""
    memory = Memory(per_class, seed=seed)
    memory.add(torch.arange(float(len(labels))).unsqueeze(1), torch.tensor(labels))
    return memory


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 5))
def test_every_class_keeps_as_many_samples_as_it_may_and_no_others(labels, per_class):
    memory = shown(labels, per_class)

    wanted = {label: min(n, per_class) for label, n in Counter(labels).items() if per_class}
    assert memory.counts == wanted
    assert len(memory) == sum(wanted.values())
    recalled = memory.recall(30)
    if not wanted:
        assert recalled is None
        return
    x, y = recalled
    assert [labels[int(place)] for place in x.flatten()] == y.tolist()


def test_every_sample_of_a_class_is_as_likely_to_be_kept():
    counts = Counter()
    for seed in range(600):
        memory = shown([7] * 12, 3, seed=seed)
        counts.update(memory._kept[7][place].item() for place in range(3))

    # 600 draws with probability 1/4 each: 150, standard deviation 10.6.
    assert sorted(counts) == list(range(12))
    assert all(abs(count - 150) < 4.5 * 10.6 for count in counts.values())


def test_classes_are_recalled_alike_however_many_samples_they_have():
    memory = shown([0] * 50 + [1] * 2, 50)
    _, y = memory.recall(2000)
    assert abs(y.double().mean().item() - 0.5) < 0.05


def test_what_is_kept_and_recalled_is_a_function_of_the_seed():
    def drawn(seed):
        memory = shown([0, 1] * 30, 4, seed=seed)
        return [memory.recall(8)[0].flatten().tolist() for _ in range(2)]

    first, second = drawn(0)
    assert drawn(0) == [first, second]
    assert first != second
    assert drawn(1) != [first, second]
