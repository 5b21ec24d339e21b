import numpy as np

from plurigrid_ff.data.digits import read_digits


def test_the_digits_are_images_between_0_and_1():
    source = read_digits()

    assert source.train.x.shape == (1797, 8, 8)
    assert source.train.x.dtype == np.float32
    assert (source.train.x.min(), source.train.x.max()) == (0.0, 1.0)
    assert source.test is None


def test_the_first_digit_is_a_zero_whose_third_pixel_is_five_sixteenths():
    source = read_digits()

    assert source.train.y[0] == 0
    assert source.train.x[0, 0, 2] == 5 / 16
    assert source.class_names == tuple("0123456789")
