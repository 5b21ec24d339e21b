from plurigrid_ff.callbacks import joined
from plurigrid_ff.runs import Watcher


def test_everybody_is_told_everything_in_order():
    told = []

    def watcher(name):
        return Watcher(
            *(lambda value, kind=kind: told.append((name, kind, value)) for kind in "dspef")
        )

    both = joined(watcher("a"), watcher("b"))
    both.on_data("data")
    both.on_start(3)
    both.on_progress(0.5)
    both.on_entry("entry")
    both.on_finish("report")

    values = [("d", "data"), ("s", 3), ("p", 0.5), ("e", "entry"), ("f", "report")]
    assert told == [(name, *value) for value in values for name in "ab"]
