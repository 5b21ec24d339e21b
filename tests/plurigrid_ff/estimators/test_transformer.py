import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from plurigrid_ff import FFTransformer

QUICK = {"epochs": 5, "learning_rate": 1e-2, "random_state": 0, "device": "cpu"}
UNLABELLED = [
    {"objective": "self-contrastive"},
    {"objective": "threshold", "negatives": "shuffled-features"},
]


def test_activities_stand_side_by_side(blobs):
    transformer = FFTransformer((6, 4), **QUICK).fit(blobs.train.x, blobs.train.y)

    activities = transformer.transform(blobs.test.x)

    layers = transformer.network_.activities(torch.from_numpy(blobs.test.x))
    np.testing.assert_allclose(activities, torch.cat(layers, dim=1).numpy(), 1e-4, 1e-5)
    assert activities.dtype == np.float32
    assert activities.shape == (60, 10)
    assert activities.min() >= 0


@pytest.mark.parametrize(("layer", "columns"), [(0, slice(0, 6)), (-1, slice(6, 10))])
def test_one_layer_may_be_chosen_even_after_the_fit(blobs, layer, columns):
    transformer = FFTransformer((6, 4), **QUICK).fit(blobs.train.x, blobs.train.y)
    both, names = transformer.transform(blobs.test.x), transformer.get_feature_names_out()

    transformer.set_params(layer=layer)

    np.testing.assert_array_equal(transformer.transform(blobs.test.x), both[:, columns])
    assert transformer.get_feature_names_out().tolist() == names[columns].tolist()


def test_units_are_named_by_layer_and_place(blobs):
    transformer = FFTransformer((2, 3), **QUICK).fit(blobs.train.x, blobs.train.y)

    expected = ["layer0_unit0", "layer0_unit1", *(f"layer1_unit{unit}" for unit in range(3))]
    assert transformer.get_feature_names_out().tolist() == expected
    assert transformer.get_feature_names_out(["a"] * 12).tolist() == expected


@pytest.mark.parametrize("unlabelled", UNLABELLED)
def test_without_labels_the_layers_learn_the_same_whatever_y_is(blobs, unlabelled):
    transformer = FFTransformer((8,), **unlabelled, **QUICK)

    without = transformer.fit(blobs.train.x).transform(blobs.test.x)
    with_labels = transformer.fit(blobs.train.x, blobs.train.y).transform(blobs.test.x)
    with_numbers = transformer.fit(blobs.train.x, blobs.train.x[:, 0]).transform(blobs.test.x)

    np.testing.assert_array_equal(without, with_labels)
    np.testing.assert_array_equal(without, with_numbers)


@pytest.mark.parametrize("unlabelled", UNLABELLED)
def test_an_objective_without_labels_does_not_ask_for_any(unlabelled):
    assert not get_tags(FFTransformer(**unlabelled)).target_tags.required


def test_what_reads_labels_asks_for_them(blobs):
    assert get_tags(FFTransformer()).target_tags.required
    assert get_tags(FFTransformer(objective="symba")).target_tags.required
    with pytest.raises(ValueError, match="'projection' reads labels; pass y or set objective='s"):
        FFTransformer(**QUICK).fit(blobs.train.x)


def test_a_linear_model_reads_digits_better_from_activities_than_from_pixels(digits):
    x, y, x_test, y_test = digits
    linear = LogisticRegression(max_iter=1000)

    pixels = linear.fit(x / 16, y).score(x_test / 16, y_test)
    activities = make_pipeline(
        FFTransformer((200,), epochs=20, random_state=0, device="cpu"), linear
    )

    assert activities.fit(x, y).score(x_test, y_test) > pixels


def test_frames_come_out_where_they_are_asked_for(blobs):
    pandas = pytest.importorskip("pandas")
    columns = [f"column {i}" for i in range(12)]
    frame = pandas.DataFrame(blobs.train.x, columns=columns, index=range(100, 340))
    transformer = FFTransformer((3,), **QUICK).set_output(transform="pandas")

    found = transformer.fit_transform(frame, blobs.train.y)

    assert list(found.columns) == ["layer0_unit0", "layer0_unit1", "layer0_unit2"]
    assert list(found.index) == list(frame.index)
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        transformer.get_feature_names_out(columns[::-1])


def test_another_number_of_names_is_refused(blobs):
    transformer = FFTransformer((3,), **QUICK).fit(blobs.train.x, blobs.train.y)

    with pytest.raises(ValueError, match=r"length equal to number of features \(12\), got 2"):
        transformer.get_feature_names_out(["a", "b"])


@pytest.mark.parametrize("layer", [2, -3, "first", 0.5])
def test_a_layer_that_is_not_there_is_refused(blobs, layer):
    with pytest.raises(ValueError, match=f"a place in hidden, -2 to 1, got {layer!r}"):
        FFTransformer((3, 3), layer=layer, **QUICK).fit(blobs.train.x, blobs.train.y)


def test_one_class_is_refused(blobs):
    with pytest.raises(ValueError, match="at least two classes, got only 7; with one class"):
        FFTransformer(**QUICK).fit(blobs.train.x, [7] * 240)


def test_a_wrong_parameter_leaves_the_tags_readable():
    assert not get_tags(FFTransformer(objective="projektion")).target_tags.required
