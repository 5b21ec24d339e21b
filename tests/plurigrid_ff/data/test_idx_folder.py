import numpy as np
import pytest

from plurigrid_ff.data.idx_folder import find_files, read_folder
from plurigrid_ff.errors import DataError


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_four_files_gives_images(write_folder, images, packed):
    folder = write_folder(images, packed=packed)

    source = read_folder(folder)

    np.testing.assert_array_equal(source.train.x, images["x_train"])
    np.testing.assert_array_equal(source.test.x, images["x_test"])
    assert source.test.y.tolist() == [2, 1, 0]
    assert source.class_names == ("0", "1", "2")


def test_a_plain_file_goes_before_a_gzipped_one(write_folder, images):
    write_folder(images, packed=True)
    folder = write_folder(images)

    found, missing = find_files(folder)

    assert {path.suffix for path in found.values()} == {""}
    assert not missing


def test_missing_files_are_listed(write_folder, images):
    del images["y_train"], images["x_test"]

    with pytest.raises(DataError, match="missing train-labels-idx1-ubyte, t10k-images-idx3-ubyte"):
        read_folder(write_folder(images))


def test_one_label_too_few_gives_both_counts(write_folder, images):
    images["y_train"] = images["y_train"][:-1]

    with pytest.raises(DataError, match=r"images has 6 samples, but .*labels has 5 labels"):
        read_folder(write_folder(images))


def test_images_of_another_size_in_the_test_files_are_refused(write_folder, images):
    images["x_test"] = images["x_test"][:, :, :2]

    with pytest.raises(DataError, match=r"shape of a training sample, \(2, 3\), got \(2, 2\)"):
        read_folder(write_folder(images))


def test_a_test_label_unknown_to_training_is_located(write_folder, images):
    images["y_test"] = np.array([0, 9, 1], dtype=np.uint8)

    with pytest.raises(DataError, match=r"test label 1 is 9, but training has the classes 0 to 2"):
        read_folder(write_folder(images))


def test_labels_in_the_place_of_images_are_refused(write_folder, images):
    images["x_train"] = images["y_train"]

    with pytest.raises(DataError, match=r"images: expected shape \(samples, \*features\)"):
        read_folder(write_folder(images))
