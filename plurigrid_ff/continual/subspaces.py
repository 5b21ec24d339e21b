"""A layer in which every class has a subspace of its own, moved by its own samples."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.continual.learner import Batch, Learner
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.draws import draw_uniform


class SubspaceLearner(Learner):
    """Class goodness with orthonormal units: the share of a sample that a class explains.

    A class owns ``units`` rows ``W_k``, orthonormal, and its goodness of a sample ``u`` of unit
    length is ``g_k = |W_k u|^2``, in [0, 1]. That scale is the same for classes that were never
    seen together, which cross-entropy within a task cannot give. On every batch, of samples b,

        ``L = - sum_b g_y(u_b) + contrast / temperature * log softmax(temperature g(u_b))_y``

    with the softmax among the classes in the batch, and ``W_k`` steps along ``-dL/dW_k`` and is
    made orthonormal again; what turns it away is shortened to at most 1 in all. Only classes with
    new samples in the batch step. Remembered samples are what those are told from; a class that
    has no new samples keeps its units, bit for bit.

    The first term is Oja's subspace rule, whose fixed point is the span of the class's leading
    principal axes; the second is the learning subspace method, which turns the subspace of a
    wrong class away.

    Args:
        features: Numbers in one sample.
        num_classes: Number of classes.
        units: Units of each class, at most half the features: what explains every sample of
            every class tells none apart.
        rate: Step size per sample; larger ones follow faster drift.
        contrast: Weight of the second term.
        temperature: Of its softmax, inverse.
        seed: The first units are a function of it.

    Raises:
        ConfigError: More units than that.

    Reference:
        Oja & Karhunen (1985), "On stochastic approximation of the eigenvectors and eigenvalues of
        the expectation of a random matrix"; Kohonen et al. (1978), "Spectral classification of
        phonemes by learning subspaces"; Oja (1983), "Subspace Methods of Pattern Recognition".
    """

    def __init__(
        self,
        features: int,
        num_classes: int,
        *,
        units: int,
        rate: float,
        seed: int,
        contrast: float = 2.0,
        temperature: float = 20.0,
    ) -> None:
        if not 1 <= units <= features // 2:
            raise ConfigError(
                f"subspaces: expected from 1 to {features // 2} units per class, half of the "
                f"{features} features, got {units}; change --hidden"
            )
        self.rate = rate
        self.contrast = contrast
        self.temperature = temperature
        key = derive_key(seed, "subspaces")
        self.weight = orthonormal(draw_uniform(key, (num_classes, units, features), 1.0))

    def learn(self, batch: Batch) -> None:
        """Turn the subspaces of the classes that have new samples."""
        u = unit_length(batch.x)
        a = self._activity(u)
        goodness = a.square().sum(dim=2)
        here = torch.zeros_like(goodness[0], dtype=torch.bool)
        here[batch.present] = True
        scores = (self.temperature * goodness).masked_fill(~here, -torch.inf)
        own = F.one_hot(batch.y, len(here)).to(u.dtype)
        # -dL/dg, and dg/dW_k = 2 a_k u^T.
        pull = own + self.contrast * (own - scores.softmax(dim=1))
        pull = 2 * self.rate * pull
        away = pull.clamp(max=0)
        # A subspace that is turned away by more than 1 in all comes out on the other side.
        pull = pull.clamp(min=0) + away / (-away.sum(dim=0)).clamp(min=1)
        arriving = batch.arriving
        step = torch.einsum("bk,bku,bf->kuf", pull[:, arriving], a[:, arriving], u)
        self.weight[arriving] = orthonormal(self.weight[arriving] + step)

    def scores(self, x: Tensor) -> Tensor:
        """Return the share of every sample that each class explains."""
        return self._activity(unit_length(x)).square().sum(dim=2)

    def _activity(self, u: Tensor) -> Tensor:
        """Map ``(rows, features)`` to ``(rows, classes, units)``."""
        return torch.einsum("kuf,bf->bku", self.weight, u)


def unit_length(x: Tensor) -> Tensor:
    """Flatten samples and bring them to length 1; zeros stay zeros."""
    return F.normalize(x.flatten(1), dim=1)


def orthonormal(weight: Tensor) -> Tensor:
    """Return orthonormal rows of the same span, ``(classes, units, features)``."""
    q, _ = torch.linalg.qr(weight.mT)
    rows: Tensor = q.mT.contiguous()
    return rows
