import json

import numpy as np
import pytest
from plurigrid_ff_nca.agents import answer_grow, answer_learn_rule, answer_step
from plurigrid_ff_nca.rules.notation import parse_rule
from plurigrid_ff_nca.rules.observations import observe

from plurigrid_ff.errors import ConfigError, DataError

RED = [[[255, 0, 0, 255]] * 8] * 8


def test_a_learned_rule_steps_and_both_answers_are_plain_data():
    seen = observe(parse_rule("B3/S23"), transitions=12, extents=(24, 24), seed=0)
    pairs = [[a.tolist(), b.tolist()] for a, b in zip(seen.before, seen.after, strict=True)]

    learned = json.loads(json.dumps(answer_learn_rule({"transitions": pairs})))
    stepped = json.loads(
        json.dumps(answer_step({"rule": learned["rule"], "grid": pairs[0][0], "steps": 1}))
    )

    assert learned["report"]["name"] == "B3/S23"
    assert learned["unseen"] == []
    np.testing.assert_array_equal(stepped["grid"], pairs[0][1])
    assert stepped["rule"] == "B3/S23"


def test_what_was_never_seen_is_listed_with_its_confidence():
    answer = answer_learn_rule({"transitions": [[[0, 0, 0, 0], [0, 0, 0, 0]]]})

    assert [entry for entry, _ in answer["unseen"]] == list(range(1, 8))
    assert all(0 <= confidence <= 1 for _, confidence in answer["unseen"])


def test_steps_and_borders_are_followed():
    request = {"rule": "rule 30", "grid": [0, 0, 0, 1, 0, 0, 0]}

    assert answer_step({**request, "steps": 3})["grid"] == [1, 1, 0, 1, 1, 1, 1]
    assert answer_step({**request, "steps": 4})["grid"] == [0, 0, 0, 1, 0, 0, 0]
    assert answer_step({**request, "steps": 4, "border": "dead"})["grid"] == [1, 0, 0, 1, 0, 0, 0]


def test_an_image_grows_into_pixels_of_its_size():
    answer = answer_grow({"pixels": RED, "config": {"size": 8, "rollouts": 2}, "steps": 8})

    assert np.array(answer["pixels"]).shape == (8, 8, 4)
    assert answer["rollouts"] == 2
    assert 0 < answer["scores"]["empty"] <= 0.5
    json.dumps(answer)


@pytest.mark.parametrize(
    ("ask", "request_", "error", "message"),
    [
        (answer_learn_rule, {}, ConfigError, "nca_learn_rule: transitions: field required"),
        (answer_learn_rule, {"transitions": []}, ConfigError, "nca_learn_rule: transitions: list"),
        (
            answer_learn_rule,
            {"transitions": [[[[0, 1], [1]], [[0, 1], [1, 1]]]]},
            DataError,
            "transition 0, before: expected rows of one length",
        ),
        (answer_step, {"rule": "B9", "grid": [0]}, ConfigError, "no notation known here"),
        (answer_step, {"rule": "B3/S23", "grid": [0]}, DataError, "expected 2 dimensions"),
        (answer_step, {"rule": "B3/S23", "grid": [[0]], "step": 2}, ConfigError, "did you mean"),
        (answer_grow, {"pixels": RED}, DataError, "expected 40 rows of 40 times red"),
        (
            answer_grow,
            {"pixels": [[[255, 0, 0, 300]] * 8] * 8, "config": {"size": 8}},
            DataError,
            "alpha from 0 to 255",
        ),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(ask, request_, error, message):
    with pytest.raises(error, match=message):
        ask(request_)
