import pytest
import torch

from plurigrid_ff.config import AugmentationConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.augmentation import Augmentation

IDS = torch.arange(40) * 7
EACH = [
    {"shift": 2},
    {"rotate": 20.0},
    {"scale": 0.3},
    {"elastic": 2.0},
    {"flip": True},
    {"erase": 0.4},
    {"time_shift": 3},
    {"time_mask": 4},
    {"frequency_mask": 4},
    {"noise": 0.2},
]
ALL = {name: value for one in EACH for name, value in one.items()}


def samples(*shape):
    return torch.rand(len(IDS), *shape, generator=torch.Generator().manual_seed(0)) + 0.1


def augment(settings, x, ids=IDS, key=11):
    return Augmentation(AugmentationConfig(**settings), tuple(x.shape[1:]))(x, ids, key=key)


def test_no_strength_is_no_change():
    x = samples(6, 8)

    assert augment({}, x) is x


@pytest.mark.parametrize("settings", [*EACH, ALL], ids=lambda s: "-".join(s))
@pytest.mark.parametrize("shape", [(8, 6), (3, 7, 8)])
def test_a_sample_becomes_what_it_becomes_whatever_its_batch(settings, shape):
    x = samples(*shape)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))[:13]

    whole = augment(settings, x)

    assert whole.shape == x.shape
    assert not torch.equal(whole, x)
    assert torch.isfinite(whole).all()
    torch.testing.assert_close(augment(settings, x[order], IDS[order]), whole[order])
    assert not torch.equal(augment(settings, x, key=12), whole)


@pytest.mark.parametrize("settings", EACH, ids=lambda s: "-".join(s))
def test_two_samples_that_are_equal_become_different(settings):
    x = samples(8, 9)[:1].expand(len(IDS), 8, 9)

    assert len(augment(settings, x).unique(dim=0)) > 1


def test_channels_are_changed_alike():
    x = samples(1, 8, 8).expand(len(IDS), 3, 8, 8)
    settings = {name: value for name, value in ALL.items() if name != "noise"}

    found = augment(settings, x)

    assert torch.equal(found[:, 0], found[:, 1])
    assert torch.equal(found[:, 0], found[:, 2])


def test_time_is_the_last_axis_and_frequency_the_one_before():
    x = torch.ones(len(IDS), 5, 9)

    frames = augment({"time_mask": 4}, x) == 0
    bands = augment({"frequency_mask": 4}, x) == 0

    assert torch.equal(frames, frames[:, :1].expand_as(frames))
    assert torch.equal(bands, bands[:, :, :1].expand_as(bands))
    assert frames.any()
    assert bands.any()


def test_a_series_of_one_band_moves_in_time():
    x = torch.arange(1.0, 8.0).expand(len(IDS), 7)

    found = augment({"time_shift": 2}, x)

    assert {tuple(row) for row in found.tolist()} == {
        (3, 4, 5, 6, 7, 0, 0),
        (2, 3, 4, 5, 6, 7, 0),
        (1, 2, 3, 4, 5, 6, 7),
        (0, 1, 2, 3, 4, 5, 6),
        (0, 0, 1, 2, 3, 4, 5),
    }


def test_noise_is_normal_and_of_the_deviation_asked_for():
    x = torch.zeros(len(IDS), 50, 50)

    noise = augment({"noise": 0.5}, x).double()

    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert noise.std().item() == pytest.approx(0.5, rel=0.01)
    assert (noise.abs() < 0.5).double().mean().item() == pytest.approx(0.6827, abs=0.01)


def test_half_of_the_images_are_mirrored():
    x = samples(4, 5)
    x = x.repeat(50, 1, 1)
    ids = torch.arange(len(x))

    found = augment({"flip": True}, x, ids)

    mirrored = (found == x.flip(2)).flatten(1).all(dim=1)
    kept = (found == x).flatten(1).all(dim=1)
    assert (mirrored | kept).all()
    assert mirrored.double().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        ({"rotate": 5.0}, (64,), r"augmentation.rotate: needs samples of shape \(height, width\)"),
        ({"shift": 1}, (64,), r"got \(64,\); reshape the samples in an .npz file"),
        ({"frequency_mask": 1}, (64,), "frequency_mask: needs samples"),
        ({"flip": True}, (2, 3, 4, 5), r"flip: needs samples .* got \(2, 3, 4, 5\)"),
        ({"time_mask": 1}, (2, 3, 4, 5), "time_mask: needs samples of at most three axes"),
        ({"shift": 8}, (1, 8, 9), r"shift: must be at most 7 for samples of shape \(1, 8, 9\)"),
        ({"time_shift": 7}, (7,), "time_shift: must be at most 6"),
        ({"time_mask": 10}, (8, 9), "time_mask: must be at most 9 .* got 10"),
        ({"frequency_mask": 9}, (8, 9), "frequency_mask: must be at most 8"),
        ({"elastic": 7.5}, (8, 9), "elastic: must be at most 7 .* got 7.5"),
    ],
)
def test_what_samples_of_a_shape_cannot_undergo_is_refused(settings, shape, message):
    with pytest.raises(ConfigError, match=message):
        Augmentation(AugmentationConfig(**settings), shape)
