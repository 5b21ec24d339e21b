import pytest

from plurigrid_ff.data import found
from plurigrid_ff.data.found import find_datasets


def by_name():
    return {source.name: source for source in find_datasets()}


def test_the_digits_are_always_there():
    assert by_name()["digits"].found


def test_digits_without_scikit_learn_say_why(monkeypatch):
    monkeypatch.setattr(found, "find_spec", lambda name: None)

    source = by_name()["digits"]

    assert not source.found
    assert "not installed" in source.detail


def test_mnist_is_found_where_its_four_files_lie(write_folder, images, monkeypatch):
    folder = write_folder(images, packed=True)
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(folder))

    source = by_name()["mnist"]

    assert source.found
    assert source.where == source.detail == str(folder)


def test_mnist_that_is_not_there_lists_what_is_missing(write_folder, images, monkeypatch):
    del images["y_test"]
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(write_folder(images)))

    source = by_name()["mnist"]

    assert not source.found
    assert "lacks t10k-labels-idx1-ubyte; download" in source.detail


def test_a_data_folder_that_does_not_exist_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path / "absent"))

    assert not by_name()["mnist"].found


@pytest.mark.parametrize(
    ("name", "place", "publisher"),
    [
        ("cifar10", "cifar10", "cs.toronto.edu"),
        ("cifar10", "cifar-10-binary.tar.gz", "cs.toronto.edu"),
        ("fsdd", "recordings", "github.com/Jakobovski"),
        ("fsdd", "fsdd-wav.tar.xz", "github.com/Jakobovski"),
    ],
)
def test_other_named_sets_are_found_where_they_lie(tmp_path, monkeypatch, name, place, publisher):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))
    before = by_name()[name]
    (tmp_path / place).mkdir()

    after = by_name()[name]

    assert (before.found, after.found) == (False, True)
    assert publisher in before.detail
    assert after.where == str(tmp_path / place)


def test_recordings_without_their_library_say_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))
    monkeypatch.setattr(found, "find_spec", lambda name: None)
    (tmp_path / "recordings").mkdir()

    assert "pip install 'plurigrid-ff[audio]'" in by_name()["fsdd"].detail
