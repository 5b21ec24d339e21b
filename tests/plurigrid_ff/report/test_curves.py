import math

from plurigrid_ff.report.curves import MAX_COORDINATOR_CURVES, learning_curves, spread


def entry(role, summary, number=1):
    return {"role": role, "round": number, "summary": summary}


def by_title(rounds):
    return {chart.title: chart for chart in learning_curves(rounds)}


def test_a_full_log_gives_every_curve(rounds):
    assert list(by_title(rounds)) == [
        "Local loss",
        "Margin",
        "Accuracy of each layer",
        "Validation accuracy",
        "Validator's measure",
        "Coordinator: equilibrium gap",
    ]


def test_epochs_add_up_over_the_rounds():
    rounds = [entry("generator", {"epochs": 5, "validation_accuracy": a}) for a in (0.5, 0.75)]

    (chart,) = learning_curves(rounds)

    assert chart.x_label == "Epoch"
    assert chart.series[0].x == (5, 10)
    assert chart.series[0].y == (0.5, 0.75)


def test_without_epochs_the_axis_counts_rounds():
    rounds = [
        entry("generator", {"validation_accuracy": 0.5}, number=3),
        entry("generator", {"validation_accuracy": 0.6, "epochs": 1}, number=4),
    ]

    (chart,) = learning_curves(rounds)

    assert chart.x_label == "Round"
    assert chart.series[0].x == (3, 4)


def test_each_layer_has_its_own_line():
    layers = [{"loss": 0.5}, {"loss": 0.25}]

    (chart,) = learning_curves([entry("generator", {"layers": layers})])

    assert [(line.name, line.y) for line in chart.series] == [
        ("Layer 1", (0.5,)),
        ("Layer 2", (0.25,)),
    ]


def test_of_many_layers_the_first_the_last_and_some_between_are_drawn():
    layers = [{"loss": 1.0} for _ in range(64)]

    (chart,) = learning_curves([entry("generator", {"layers": layers})])

    names = [line.name for line in chart.series]
    assert names[0] == "Layer 1"
    assert names[-1] == "Layer 64"
    assert chart.note == "7 of 64 layers shown."


def test_measure_and_limit_share_a_chart():
    rounds = [entry("validator", {"measure": 2.0, "limit": 1.0, "outcome": "failed"})]
    (chart,) = learning_curves(rounds)
    assert [(line.name, line.y) for line in chart.series] == [("Measure", (2,)), ("Limit", (1,))]


def test_coordinator_numbers_that_never_change_are_left_out():
    rounds = [entry("coordinator", {"gap": gap, "players": 3}) for gap in (0.5, 0.25)]
    assert list(by_title(rounds)) == ["Coordinator: gap"]


def test_a_talkative_coordinator_does_not_fill_the_page():
    rounds = [entry("coordinator", {f"k{i}": i + t for i in range(99)}) for t in range(2)]
    assert len(learning_curves(rounds)) == MAX_COORDINATOR_CURVES


def test_what_is_missing_or_no_number_is_left_out():
    rounds = [
        {},
        {"role": "generator"},
        entry("generator", None),
        entry("generator", {"layers": 5, "epochs": "many"}),
        entry("generator", {"layers": [None, {"loss": math.nan}, {"loss": "low"}]}),
        entry("validator", {"measure": None, "limit": 1.0}),
        entry("coordinator", {"words": "none", "truth": True, "list": [1]}),
        entry(7, {"epochs": 1}),
    ]
    assert learning_curves(rounds) == ()


def test_spread_keeps_both_ends():
    assert spread(range(5), 7) == [0, 1, 2, 3, 4]
    assert spread(range(100), 4) == [0, 33, 66, 99]


def coordinated(round, regrets):
    return {"role": "coordinator", "round": round, "summary": {"regrets": regrets}}


def test_regrets_are_drawn_for_every_player_over_the_rounds():
    rounds = [coordinated(1, {"a": [0.5, 0.0], "b": [0.25]}), coordinated(2, {"a": [0.1, 0.2]})]

    (chart,) = learning_curves(rounds)

    assert chart.title == "Regrets of the players"
    drawn = {line.name: (line.x, line.y) for line in chart.series}
    assert drawn == {
        "a, layer 1": ((1.0, 2.0), (0.5, 0.1)),
        "a, layer 2": ((1.0, 2.0), (0.0, 0.2)),
        "b": ((1.0,), (0.25,)),
    }


def test_regrets_that_are_no_numbers_are_left_out():
    assert learning_curves([coordinated(1, {"a": [None, "x"], "b": 3}), coordinated(2, 7)]) == ()
