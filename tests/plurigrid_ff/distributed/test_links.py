from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from plurigrid_ff.distributed import links
from plurigrid_ff.distributed.links import ProcessInlet, ProcessOutlet
from plurigrid_ff.learning import precision
from plurigrid_ff.learning.channels import DEPTH
from plurigrid_ff.learning.precision import activity_dtype


class Wire:
    """Stands for torch.distributed: what is sent is received in order, when somebody waits."""

    def __init__(self):
        self.sent, self.asked, self.log = [], [], []

    def isend(self, tensor, rank):
        self.sent.append(tensor)
        number = len(self.sent)
        self.log.append(f"send {number}")
        return SimpleNamespace(wait=lambda: self.log.append(f"taken {number}"))

    def irecv(self, tensor, rank):
        self.asked.append(tensor)
        return SimpleNamespace(wait=lambda: tensor.copy_(self.sent.pop(0)))


@pytest.fixture
def wire(monkeypatch):
    found = Wire()
    monkeypatch.setattr(links.dist, "isend", found.isend)
    monkeypatch.setattr(links.dist, "irecv", found.irecv)
    return found


@pytest.fixture
def fleet():

    return SimpleNamespace(name=str, talking=nullcontext)


def test_a_sender_waits_for_the_oldest_while_two_are_on_their_way(wire, fleet):
    outlet = ProcessOutlet(fleet, 1)

    for _ in range(DEPTH + 2):
        outlet.send([torch.zeros(2, 3)])
    outlet.close()

    assert DEPTH == 2
    assert wire.log == [
        *("send 1", "send 2", "taken 1", "send 3", "taken 2", "send 4"),
        *("taken 3", "taken 4"),
    ]


def test_a_receiver_asks_for_two_batches_ahead_and_for_no_more_than_there_are(wire, fleet):
    inlet = ProcessInlet(fleet, 0, [(3,)], 2, torch.device("cpu"), torch.float32)
    wire.sent = [torch.zeros(6 * size) for size in (4, 4, 4, 1)]

    inlet.open(iter([4, 4, 4, 1]))
    ahead = [len(wire.asked)]
    for rows in (8, 8, 8, 2):
        (found,) = inlet.receive()
        ahead.append(len(wire.asked))
        assert found.shape == (rows, 3)

    assert ahead == [2, 3, 4, 4, 4]


def test_activities_in_bfloat16_are_received_as_such(wire, fleet, monkeypatch):
    device = torch.device("cpu")
    assert activity_dtype("bfloat16", device) == activity_dtype("float32", device) == torch.float32
    monkeypatch.setattr(precision, "low_activities", lambda device: True)
    outlet = ProcessOutlet(fleet, 1)
    inlet = ProcessInlet(fleet, 0, [(3,)], 1, device, activity_dtype("bfloat16", device))
    h = torch.rand(4, 3).bfloat16()

    outlet.send([h])
    inlet.open(iter([4]))
    (found,) = inlet.receive()

    assert found.dtype == torch.bfloat16
    assert torch.equal(found, h)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_images_arrive_as_they_lay_in_memory(wire, fleet, layout):
    h = torch.rand(4, 3, 5, 6).contiguous(memory_format=layout)
    earlier = torch.rand(4, 2, 5, 6)
    outlet = ProcessOutlet(fleet, 1)
    inlet = ProcessInlet(fleet, 0, [(2, 5, 6), (3, 5, 6)], 1, torch.device("cpu"), torch.float32)

    outlet.send([earlier, h])
    inlet.open(iter([4]))
    found = inlet.receive()

    assert torch.equal(found[0], earlier)
    assert torch.equal(found[1], h)
    assert found[1].stride() == h.stride()
