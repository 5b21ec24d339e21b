import builtins
import struct
from types import SimpleNamespace

import pytest

from plurigrid_ff.callbacks import tensorboard
from plurigrid_ff.errors import ConfigError, MissingExtraError, RunFolderError

NOTHING = SimpleNamespace(test_accuracy=None, rounds=0)
event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")


def events(folder):
    """Read every event of a folder: records of length, checksum, message, checksum."""
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            found.append(event_pb2.Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return found


def scalars(folder):
    return {
        (value.tag, event.step): value.simple_value
        for event in events(folder)
        for value in event.summary.value
    }


def test_every_layer_has_its_curves(entry, tmp_path):
    watcher = tensorboard(tmp_path / "events")
    watcher.on_start(2)

    for round in (1, 2):
        watcher.on_entry(entry(round))
        watcher.on_entry(entry(round, role="validator", measure=1.5, limit=1.0))
    found = scalars(tmp_path / "events")  # before the end: each round is written at once
    watcher.on_finish(NOTHING)

    assert found == scalars(tmp_path / "events")
    assert found == {
        ("loss/layer_1", 1): 0.5,
        ("loss/layer_1", 2): 0.25,
        **{("accuracy/layer_1", step): 0.75 for step in (1, 2)},
        **{("accuracy/layer_2", step): 0.5 for step in (1, 2)},
        **{("accuracy/all_layers", step): 0.625 for step in (1, 2)},
        **{("margin/layer_1", step): -0.5 for step in (1, 2)},
        **{("margin/layer_2", step): -1.5 for step in (1, 2)},
        **{("verdict/measure", step): 1.5 for step in (1, 2)},
    }


def test_the_test_accuracy_comes_last(entry, finished, tmp_path):
    _, report = finished
    watcher = tensorboard(tmp_path)
    watcher.on_entry(entry(1))

    watcher.on_finish(report)

    found = scalars(tmp_path)[("test_accuracy/all_layers", report.rounds)]
    assert found == pytest.approx(report.test_accuracy)


def test_a_resumed_run_hides_the_rounds_that_it_repeats(entry, tmp_path):
    for round in (1, 4):
        watcher = tensorboard(tmp_path)
        watcher.on_entry(entry(round))
        watcher.on_finish(NOTHING)

    starts = [e.step for e in events(tmp_path) if e.WhichOneof("what") == "session_log"]
    assert starts == [1, 4]


def test_without_tensorboardx_the_extra_is_named(monkeypatch, tmp_path):
    load = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'plurigrid-ff\[tensorboard\]'"):
        tensorboard(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="file/events: cannot be made"):
        tensorboard(tmp_path / "file" / "events")


def test_a_disk_that_fills_up_later_is_named(entry, tmp_path):
    watcher = tensorboard(tmp_path / "events")
    (tmp_path / "events").rmdir()
    (tmp_path / "events").write_text("")

    with pytest.raises(RunFolderError, match="events: cannot be written: .* --resume"):
        watcher.on_entry(entry(1))
