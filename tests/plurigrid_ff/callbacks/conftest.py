"""Log entries as a run writes them, without a run."""

import pytest

from plurigrid_ff.host.log import LogEntry


def layer(loss, accuracy, margin, updates):
    return {"loss": loss, "accuracy": accuracy, "margin": margin, "updates": updates}


@pytest.fixture
def entry():
    """Make the entry of a role in a round."""

    def make(round, role="generator", **summary):
        if role == "generator" and not summary:
            summary = {
                "layers": [layer(0.5 / round, 0.75, -0.5, 8), layer(None, 0.5, -1.5, 0)],
                "validation_accuracy": 0.625,
            }
        return LogEntry(
            index=0,
            round=round,
            role=role,
            trit=1,
            skill="s",
            version="1",
            seed=0,
            inputs={},
            outputs={},
            summary=summary,
            previous="",
        )

    return make


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let a quarter of a second pass at each look at the clock."""
    from plurigrid_ff.callbacks import rows

    now = [0.0]

    def tick():
        now[0] += 0.25
        return now[0]

    monkeypatch.setattr(rows, "perf_counter", tick)
