from collections import Counter

import pytest
from plurigrid_ff_self_evolving_agent.agents import answer_step
from plurigrid_ff_self_evolving_agent.genome import Genome

from plurigrid_ff.errors import ConfigError

GENOME = {"network": {"hidden": [60], "objective": "symba"}, "training": {}}


def ask(step, **request):
    candidates = [
        {"name": "good", "score": 0.9, "genome": GENOME},
        {"name": "bad", "score": 0.2, "genome": GENOME},
        {"name": "busy", "score": 0.9, "children": 9, "genome": GENOME},
    ]
    return answer_step({"candidates": candidates, "step": step, **request})


def test_a_step_favours_who_is_good_and_has_few_children_and_changes_one_gene():
    answers = [ask(step) for step in range(200)]
    parents = Counter(answer["parent"] for answer in answers)

    assert parents["good"] > parents["busy"] > 0
    assert parents["good"] > parents["bad"] > 0
    assert answers[7] == ask(7)
    for answer in answers:
        changed = Genome.model_validate(answer["genome"]) != Genome.model_validate(GENOME)
        assert changed == (answer["gene"] != "weights")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"candidates": []}, "evolve_step: candidates"),
        ({"candidates": [{"name": "one", "score": 2}]}, "evolve_step: candidates.0.score"),
        ({"candidates": [{"name": "one", "score": 1}], "stp": 1}, "did you mean 'step'"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(request_, message):
    with pytest.raises(ConfigError, match=message):
        answer_step(request_)
