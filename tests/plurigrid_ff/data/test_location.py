import pytest

from plurigrid_ff.data.location import data_folder


def test_the_environment_variable_names_the_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))

    assert data_folder() == tmp_path


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_the_cache_folder_is_used(monkeypatch, value):
    monkeypatch.delenv("PLURIGRID_FF_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("PLURIGRID_FF_DATA", value)

    assert "plurigrid-ff" in data_folder().parts
