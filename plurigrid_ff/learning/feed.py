"""What the first layer reads: samples as an epoch shows them, beside their negatives."""

from functools import partial

from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.batches import Batch, Batches
from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.learners import Learner, learner
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import StepPlan


class Feed:
    """Augments the samples of a batch, brings them to scale and adds negatives.

    Args:
        network: Whose first layer reads.
        x: Training samples, shape ``(samples, *feature_shape)``, on the network's device.
        batches: Which of them make up a batch.
        training: How samples are augmented.
        plan: How a source of negatives steps, where it learns.

    Attributes:
        source: What proposes negatives, where it learns.
    """

    def __init__(
        self,
        network: FFNetwork,
        x: Tensor,
        batches: Batches,
        training: TrainingConfig,
        plan: StepPlan,
    ) -> None:
        self.network = network
        self.x = x
        self.batches = batches
        kind = find_negatives(network.config)
        key = derive_key(batches.seed, batches.role, "negatives")
        self.negatives = kind(x, network.num_classes, key=key) if kind else None
        self.augmentation = Augmentation(training.augmentation, tuple(x.shape[1:]))
        self.source: Learner | None = None
        if self.negatives is not None and any(True for _ in self.negatives.parameters()):
            self.source = learner("negatives", self.negatives, plan, kept=False)

    def shown(self, batch: Batch, epoch: int) -> Tensor:
        """Return a batch's samples as an epoch shows them, ``(batch, *feature_shape)``."""
        key = self.batches.key("augmentation", epoch)
        return self.augmentation(self.x.index_select(0, batch.ids), batch.ids, key=key)

    def rails(self, x: Tensor, batch: Batch, epoch: int) -> Reading:
        """Return what the first layer reads; a source of negatives that learns takes a step.

        Args:
            x: What :meth:`shown` returned.
            batch: Whose samples they are.
            epoch: When, from 0.
        """
        if self.negatives is None:
            return self.network.scale(x)
        self.negatives.view = partial(
            self.augmentation, key=self.batches.key("augmentation", epoch)
        )
        key = self.batches.key(self.negatives.name, epoch)
        rails = self.negatives.rails(self.network, x, batch.y, key=key, sample_ids=batch.ids)
        if self.source is not None:
            self.source.step()
        return rails
