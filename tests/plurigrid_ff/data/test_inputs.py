import gzip

import numpy as np
import pytest

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.inputs import load_inputs, load_named
from plurigrid_ff.errors import DataError

BYTES = np.array([[[0, 51], [102, 255]]], dtype=np.uint8)
FLAT = np.array([[0, 0.2, 0.4, 1]], dtype=np.float32)


def test_bytes_of_an_npz_file_are_scaled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=BYTES)

    result = load_inputs(path, feature_shape=(2, 2))

    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, FLAT.reshape(1, 2, 2))


@pytest.mark.parametrize("packed", [False, True])
def test_images_of_an_idx_file_become_rows(tmp_path, to_idx, packed):
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(to_idx(BYTES)) if packed else to_idx(BYTES))

    np.testing.assert_array_equal(load_inputs(path, feature_shape=(4,)), FLAT)


def test_rows_of_a_csv_file_become_images(tmp_path):
    path = tmp_path / "a.CSV"
    path.write_text("a,b,c,d,label\n1,2,3,4,cat\n")

    assert load_inputs(path, feature_shape=(2, 2)).tolist() == [[[1, 2], [3, 4]]]


def test_the_given_label_column_is_left_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("kind,a\ncat,1\n")

    assert load_inputs(str(path), feature_shape=(1,), label_column="kind").tolist() == [[1]]


def test_the_result_can_be_written_to(tmp_path, to_idx):
    np.savez(tmp_path / "a.npz", x=FLAT)
    (tmp_path / "a.csv").write_text("a,b,c,d\n1,2,3,4\n")
    (tmp_path / "a.idx").write_bytes(to_idx(FLAT))

    for name in ("a.npz", "a.csv", "a.idx"):
        assert load_inputs(tmp_path / name, feature_shape=(4,)).flags.writeable


@pytest.mark.parametrize("features", [(5,), (4, 4), (3, 2)])
def test_another_shape_is_given_beside_the_expected_one(tmp_path, features):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((7, *features)))

    with pytest.raises(DataError) as caught:
        load_inputs(path, feature_shape=(2, 3))

    assert f"expected samples of shape (*, 2, 3), got {(7, *features)}" in str(caught.value)
    assert "without labels" in str(caught.value)


def test_a_single_sample_without_its_axis_gets_the_remedy(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((2, 3)))

    with pytest.raises(DataError, match=r"x\[None\]"):
        load_inputs(path, feature_shape=(2, 3))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected a file of samples, found none"):
        load_inputs(tmp_path / "absent.npz", feature_shape=(4,))


def test_a_value_that_is_not_finite_is_located(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([[0.0], [np.nan]]))

    with pytest.raises(DataError, match=r"x\[1, 0\] is nan"):
        load_inputs(path, feature_shape=(1,))


def test_a_file_of_labels_is_no_file_of_images(tmp_path, to_idx):
    path = tmp_path / "labels"
    path.write_bytes(to_idx(np.zeros(5, np.uint8)))

    with pytest.raises(DataError, match=r"images: expected shape \(samples, \*features\)"):
        load_inputs(path, feature_shape=(5,))


def test_a_single_image_is_one_sample_with_a_name(write_files, pictures):
    path = write_files(pictures) / "cat" / "2.png"

    inputs = load_named(path, feature_shape=(1, 4, 5))

    assert inputs.names == ("2.png",)
    assert inputs.x.shape == (1, 1, 4, 5)
    assert inputs.x.dtype == np.float32


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_of_images_is_read_in_sorted_order(
    tmp_path, write_files, to_tar, to_image, packed
):
    values = {"b.png": 51, "a.png": 0, "sub/c.png": 255}
    files = {name: to_image(np.full((1, 1), value, np.uint8)) for name, value in values.items()}
    path = write_files(files)
    if packed:
        path = tmp_path / "new.tar"
        path.write_bytes(to_tar(files.items()))

    inputs = load_named(path, feature_shape=(1,))

    assert inputs.names == ("a.png", "b.png", "sub/c.png")
    np.testing.assert_allclose(inputs.x, [[0], [0.2], [1]])


def test_a_greyscale_image_fits_a_network_of_colours(write_files, pictures):
    path = write_files(pictures) / "dog" / "0.png"

    x = load_inputs(path, feature_shape=(3, 4, 5))

    assert x.shape == (1, 3, 4, 5)
    assert x.flags.writeable
    np.testing.assert_array_equal(x[:, 0], x[:, 2])


def test_an_image_of_another_size_is_resized_only_if_training_did(write_files, pictures):
    path = write_files(pictures) / "dog" / "0.png"

    x = load_named(path, feature_shape=(1, 3, 3), data=DataConfig(image_size=3)).x

    assert x.shape == (1, 1, 3, 3)
    with pytest.raises(DataError, match=r"got \(1, 1, 4, 5\); resize them, or train with data"):
        load_inputs(path, feature_shape=(1, 3, 3))


def test_a_recording_becomes_features_of_the_training(write_files, tones):
    pytest.importorskip("kaldi_native_fbank")
    path = write_files(tones) / "low" / "0.wav"

    inputs = load_named(path, feature_shape=(20, 9), data=DataConfig(mel_bands=20, frames=9))

    assert inputs.x.shape == (1, 20, 9)
    assert inputs.names == ("0.wav",)


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")

    with pytest.raises(DataError, match=r"a\.png: damaged or no image"):
        load_inputs(tmp_path / "a.png", feature_shape=(4,))


def test_an_empty_folder_holds_no_samples(tmp_path):
    with pytest.raises(DataError, match=r"holds no images and no \.wav files"):
        load_inputs(tmp_path, feature_shape=(4,))


def test_samples_of_a_table_have_no_files(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")

    assert load_named(tmp_path / "a.csv", feature_shape=(1,)).names is None
