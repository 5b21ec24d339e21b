import numpy as np
import pytest
from sklearn.datasets import load_digits

from plurigrid_ff import inference, runs
from plurigrid_ff.config import DataConfig
from plurigrid_ff.errors import DataError, PlurigridError
from plurigrid_ff.host.folder import RunFolder


def test_evaluating_a_run_repeats_its_figures(finished):
    out, report = finished

    assessment = inference.evaluate(out)

    assert assessment.accuracy == report.test_accuracy
    assert assessment.confusion == report.confusion
    assert assessment.layers == report.layers


def test_predicting_labels_samples_one_by_one(finished, tmp_path, base):
    from plurigrid_ff.data.load import load_dataset

    out, report = finished
    data = load_dataset(base.data, seed=0)
    np.savez(tmp_path / "new.npz", x=data.test.x)

    predictions = inference.predict(out, tmp_path / "new.npz")

    labels = np.array([int(item.label) for item in predictions])
    assert (labels == data.test.y).mean() == pytest.approx(report.test_accuracy)
    assert all(0 < item.probability <= 1 for item in predictions)
    assert [item.sample for item in predictions] == list(range(len(data.test)))


def test_samples_of_another_shape_are_refused(finished, tmp_path):
    out, _ = finished
    np.savez(tmp_path / "new.npz", x=np.zeros((3, 28, 28), np.float32))

    with pytest.raises(DataError, match=r"8, 8"):
        inference.predict(out, tmp_path / "new.npz")


def test_another_data_set_must_have_the_networks_shape_and_classes(finished, tmp_path):
    out, _ = finished
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "wide.npz", x=rng.random((60, 5), np.float32), y=np.arange(60) % 3)
    np.savez(tmp_path / "few.npz", x=rng.random((60, 64), np.float32), y=np.arange(60) % 3)

    with pytest.raises(DataError, match=r"reads samples of shape \(8, 8\), got \(5,\)"):
        inference.evaluate(out, data=DataConfig(source=str(tmp_path / "wide.npz")))
    with pytest.raises(DataError, match="knows the classes 0, 1, .*, got 0, 1, 2"):
        inference.evaluate(out, data=DataConfig(source=str(tmp_path / "few.npz")))


def test_data_that_changed_since_training_is_refused(tmp_path, base):
    rng = np.random.default_rng(0)
    path = tmp_path / "own.npz"
    y = np.arange(300) % 3
    x = rng.normal(size=(300, 6)).astype(np.float32) + 3 * np.eye(6, dtype=np.float32)[y]
    np.savez(path, x=x, y=y)
    config = base.model_copy(update={"data": DataConfig(source=str(path)), "triad": None})
    runs.train(config, tmp_path / "run")
    np.savez(path, x=x + 1, y=y)

    with pytest.raises(DataError, match="has changed since"):
        inference.evaluate(tmp_path / "run")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(PlurigridError, match="not a run folder"):
        inference.evaluate(tmp_path)


def test_rows_of_features_are_read_as_the_images_they_are(finished, tmp_path):
    out, _ = finished
    digits = load_digits()
    arrays = {"x_train": digits.data[:1000], "y_train": digits.target[:1000]}
    arrays |= {"x_test": digits.data[1000:] / 16, "y_test": digits.target[1000:]}
    np.savez(tmp_path / "rows.npz", **arrays)

    found = inference.evaluate(out, data=DataConfig(source=str(tmp_path / "rows.npz")))

    assert found.samples == 797
    assert found.accuracy > 0.9


def test_more_samples_than_allowed_are_refused(finished, tmp_path):
    out, _ = finished
    np.savez(tmp_path / "new.npz", x=np.zeros((11, 64), np.float32))

    assert len(inference.predict(out, tmp_path / "new.npz", max_samples=11)) == 11
    with pytest.raises(DataError, match="holds 11 samples, at most 10 are allowed; use fewer"):
        inference.predict(out, tmp_path / "new.npz", max_samples=10)
    with pytest.raises(DataError, match="digits: holds 1797 samples, at most 1796"):
        inference.evaluate(out, max_samples=1796)


def test_another_table_has_the_runs_label_column_unless_one_is_named(tmp_path, base):
    data = DataConfig(source="mine.csv", label_column="species", image_size=8)
    RunFolder(tmp_path / "run").begin(base.model_copy(update={"data": data}))
    folder = tmp_path / "run.partial"

    assert inference.data_like(folder, "new.csv").label_column == "species"
    assert inference.data_like(folder, "new.csv", label_column="kind").label_column == "kind"
    assert inference.data_like(folder, "new.csv").image_size == 8
