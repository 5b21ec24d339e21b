"""Rows that are images: layers of convolution in a table's world."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.preprocessing import MinMaxScaler

from plurigrid_ff import FFClassifier, FFTransformer
from plurigrid_ff.errors import ParameterError

CONV = {"kind": "conv2d", "features": 10, "pool": 2}


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return MinMaxScaler().fit_transform(x).astype(np.float32), y


def test_convolutions_read_rows_as_images(digits):
    x, y = digits
    model = FFClassifier(
        [CONV, 30], sample_shape=(8, 8), scaling="none", epochs=3, batch_size=32, random_state=0
    )

    model.fit(x[:1200], y[:1200])

    assert model.network_.feature_shape == (8, 8)
    assert model.score(x[1200:], y[1200:]) > 0.85
    assert clone(model).get_params() == model.get_params()


def test_a_transformer_names_what_its_maps_hold(digits):
    x, y = digits
    layers = [CONV | {"grid": 2}, 7]
    model = FFTransformer(layers, sample_shape=(8, 8), epochs=1, random_state=0).fit(
        x[:200], y[:200]
    )

    activities = model.transform(x[:5])

    assert activities.shape == (5, 10 * 2 * 2 + 7)
    assert len(model.get_feature_names_out()) == activities.shape[1]


@pytest.mark.parametrize("shape", [(7, 8), (8, -8), "8x8", 64.5, ()])
def test_a_shape_that_rows_cannot_have_is_refused(digits, shape):
    x, y = digits
    model = FFClassifier([CONV], sample_shape=shape)

    with pytest.raises(
        ParameterError, match="FFClassifier: sample_shape: .* 64 features of X, got"
    ):
        model.fit(x[:50], y[:50])


def test_convolutions_over_rows_say_what_they_would_need(digits):
    x, y = digits

    with pytest.raises(ParameterError, match="layer 1 is 'conv2d' and reads samples of shape"):
        FFClassifier([CONV]).fit(x[:50], y[:50])
