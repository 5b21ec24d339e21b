import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from plurigrid_ff import FFClassifier

QUICK = {"hidden": (30,), "epochs": 5, "learning_rate": 1e-2, "random_state": 0, "device": "cpu"}


def names(blobs):
    return np.array(["red", "green", "blue"])[blobs.train.y]


def test_it_learns_digits_as_backprop_does_at_the_same_shape(digits):
    x, y, x_test, y_test = digits
    rival = MLPClassifier((200, 200), max_iter=25, tol=0, random_state=0)
    rival = make_pipeline(MinMaxScaler(), rival)
    network = FFClassifier((200, 200), epochs=25, random_state=0, device="cpu")

    with pytest.warns(Warning, match="Maximum iterations"):
        backprop = rival.fit(x, y).score(x_test, y_test)
    forward = network.fit(x, y).score(x_test, y_test)

    assert forward >= 0.95
    assert forward >= backprop - 0.02


@pytest.mark.parametrize("objective", ["class-goodness", "threshold", "self-contrastive"])
def test_other_objectives_learn_too(digits, objective):
    x, y, x_test, y_test = digits
    readout = "probe" if objective == "self-contrastive" else "goodness"
    network = FFClassifier((100,), objective=objective, readout=readout, random_state=0)

    network.set_params(learning_rate=1e-2, device="cpu").fit(x, y)

    assert network.score(x_test, y_test) >= 0.9


def test_a_fixed_range_of_layers_decides(blobs):
    x, y = blobs.train.x, blobs.train.y
    settings = QUICK | {"hidden": (30, 20, 10)}

    ranged = FFClassifier(**settings, readout_layers=[2, 3]).fit(x, y)
    whole = FFClassifier(**settings).fit(x, y)

    goodness = whole.network_.layer_goodness(torch.from_numpy(x))
    expected = (goodness[1] + goodness[2]).numpy()
    np.testing.assert_allclose(ranged.decision_function(x), expected, rtol=1e-4, atol=1e-4)


def test_a_head_on_the_last_layer_can_be_fitted_and_cloned(blobs):
    network = clone(FFClassifier(**QUICK, readout="head")).fit(blobs.train.x, blobs.train.y)

    assert network.score(blobs.test.x, blobs.test.y) > 0.95


def test_the_scaling_of_a_table_is_standard(blobs):
    x, y = blobs.train.x * np.logspace(-3, 3, 12), blobs.train.y

    left_open = FFClassifier(**QUICK).fit(x, y)
    asked_for = FFClassifier(**QUICK, scaling="standard").fit(x, y)
    unscaled = FFClassifier(**QUICK, scaling="none").fit(x, y)

    assert left_open.network_.config == asked_for.network_.config
    assert left_open.score(x, y) > unscaled.score(x, y)


def test_classes_may_be_strings(blobs):
    network = FFClassifier(**QUICK).fit(blobs.train.x, names(blobs))

    assert network.classes_.tolist() == ["blue", "green", "red"]
    assert network.score(blobs.train.x, names(blobs)) > 0.95


def test_a_sample_goes_to_the_class_of_highest_goodness(blobs):
    network = FFClassifier(**QUICK).fit(blobs.train.x, names(blobs))

    goodness = network.decision_function(blobs.test.x)
    shares = network.predict_proba(blobs.test.x)
    labels = network.predict(blobs.test.x)

    assert goodness.shape == shares.shape == (60, 3)
    expected = np.exp(goodness) / np.exp(goodness).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, rtol=1e-10)
    np.testing.assert_array_equal(labels, network.classes_[goodness.argmax(axis=1)])


def test_of_two_classes_the_difference_of_goodness_decides(blobs):
    few = blobs.train.y < 2
    network = FFClassifier(**QUICK).fit(blobs.train.x[few], names(blobs)[few])

    difference = network.decision_function(blobs.train.x)
    shares = network.predict_proba(blobs.train.x)

    assert difference.shape == (240,)
    np.testing.assert_allclose(shares[:, 1], 1 / (1 + np.exp(-difference)), rtol=1e-10)
    np.testing.assert_array_equal(
        network.predict(blobs.train.x), np.where(difference > 0, "red", "green")
    )


def test_one_feature_is_enough():
    x = np.linspace(-1, 1, 200)[:, None]

    network = FFClassifier(**QUICK).fit(x, x[:, 0] > 0)

    assert network.score(x, x[:, 0] > 0) > 0.95


def test_it_works_in_a_pipeline_under_a_grid_search(blobs):
    pipeline = make_pipeline(MinMaxScaler(), FFClassifier(**QUICK))
    grid = {
        "ffclassifier__hidden": [(4,), (20, 20)],
        "ffclassifier__epochs": np.array([1, 12]),
        "ffclassifier__learning_rate": np.logspace(-5, -2, 2),
    }

    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise")
    search.fit(blobs.train.x, names(blobs))

    assert search.best_params_["ffclassifier__learning_rate"] == pytest.approx(1e-2)
    assert search.best_params_["ffclassifier__epochs"] == 12
    assert search.best_score_ > 0.9


def test_it_cross_validates(blobs):
    scores = cross_val_score(FFClassifier(**QUICK), blobs.train.x, names(blobs), cv=3)

    assert scores.min() > 0.9


def test_the_columns_of_a_frame_have_names(blobs):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(blobs.train.x, columns=[f"column {i}" for i in range(12)])
    series = pandas.Series(names(blobs), dtype="category")

    network = FFClassifier(**QUICK).fit(frame, series)

    assert network.feature_names_in_.tolist() == list(frame.columns)
    assert network.score(frame, series) > 0.95
    with pytest.raises(ValueError, match="feature names should match"):
        network.predict(frame[frame.columns[::-1]])


def test_a_clone_is_unfitted_and_has_the_same_parameters(blobs):
    settings = {**QUICK, "objective": "threshold", "options": {"goodness": "top-k"}}

    copy = clone(FFClassifier(**settings).fit(blobs.train.x, blobs.train.y))

    assert copy.get_params() == FFClassifier(**settings).get_params()
    with pytest.raises(NotFittedError):
        copy.predict(blobs.train.x)


def test_one_class_is_refused(blobs):
    with pytest.raises(ValueError, match="at least two classes, got only 'red'; with one class"):
        FFClassifier(**QUICK).fit(blobs.train.x, ["red"] * 240)


def test_targets_of_a_regression_are_refused(blobs):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        FFClassifier(**QUICK).fit(blobs.train.x, blobs.train.x[:, 0])


def test_numbers_beyond_float32_are_refused(blobs):
    x = blobs.train.x.astype(np.float64)
    x[3, 4] = 1e39

    with pytest.raises(ValueError, match=r"infinity or a value too large for dtype\('float32'\)"):
        FFClassifier(**QUICK).fit(x, blobs.train.y)


def test_sample_weights_are_refused(blobs):
    with pytest.raises(TypeError, match="sample_weight"):
        FFClassifier(**QUICK).fit(blobs.train.x, blobs.train.y, sample_weight=np.ones(240))


def test_patience_stops_early_and_keeps_the_best_epoch(digits):
    x, y, *_ = digits
    model = FFClassifier((40,), epochs=60, patience=2, random_state=0, device="cpu").fit(x, y)
    best = int(np.argmax(model.validation_scores_))
    plain = FFClassifier((40,), epochs=60, random_state=0, device="cpu")

    assert model.n_iter_ == len(model.validation_scores_) == best + 3 < 60
    assert plain.set_params(epochs=3).fit(x, y).validation_scores_ is None
    held = model._held_out(np.unique(y, return_inverse=True)[1])
    assert model.score(x[held], y[held]) == model.validation_scores_[best]
    assert np.mean(held) == pytest.approx(0.1, abs=0.01)


def test_patience_needs_a_class_of_which_a_sample_can_be_spared():
    model = FFClassifier((6,), patience=2, device="cpu")

    with pytest.raises(ValueError, match="patience=2 needs held-out samples, but each of the 3"):
        model.fit([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ["a", "b", "c"])


def test_a_layer_that_sat_out_has_no_loss(blobs):
    model = FFClassifier((9, 6), epochs=4, schedule="greedy", random_state=0, device="cpu")

    model.fit(blobs.train.x, blobs.train.y)

    learned = ~np.isnan(model.layer_loss_curves_)
    assert learned.tolist() == [[True, False]] * 2 + [[False, True]] * 2
    assert np.isfinite(model.loss_curve_).all()
