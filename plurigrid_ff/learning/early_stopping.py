"""Early stopping: end when validation accuracy no longer rises, and keep the best weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.tensors import read_tensors, write_tensors

STATE_FILE = "best.safetensors"


@dataclass(frozen=True, slots=True)
class Best:
    """The best that was seen.

    Attributes:
        round: When, from 1.
        accuracy: On the validation split.
        updates: Optimizer steps that each layer had taken.
        weights: A copy of the network's state.
    """

    round: int
    accuracy: float
    updates: tuple[int, ...]
    weights: dict[str, Tensor]


class EarlyStopping:
    """Counts rounds without a better validation accuracy, and holds the weights of the best.

    Args:
        patience: Rounds without a better one after which to end, at least 1.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best: Best | None = None
        self.waited = 0

    @property
    def exhausted(self) -> bool:
        """Whether the patience is at an end."""
        return self.waited >= self.patience

    def observe(
        self, round: int, accuracy: float, network: nn.Module, updates: tuple[int, ...]
    ) -> None:
        """Take note of a round; of equal accuracies the first counts.

        Args:
            round: Its number, from 1.
            accuracy: On the validation split.
            network: Its weights are copied if this is the best so far.
            updates: Optimizer steps that each layer has taken.
        """
        if self.best is not None and accuracy <= self.best.accuracy:
            self.waited += 1
            return
        weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.best = Best(round, accuracy, updates, weights)
        self.waited = 0

    def save_state(self, folder: Path) -> None:
        """Write what :meth:`load_state` needs."""
        told: dict[str, Any] = {"waited": self.waited}
        weights: dict[str, Tensor] = {}
        if self.best is not None:
            weights = self.best.weights
            told["round"], told["accuracy"] = self.best.round, self.best.accuracy
            told["updates"] = list(self.best.updates)
        write_tensors(folder / STATE_FILE, weights, told)

    def load_state(self, folder: Path, device: torch.device) -> None:
        """Take up the state that :meth:`save_state` wrote.

        Raises:
            CheckpointError: The file is damaged, or belongs to a run without patience.
        """
        path = folder / STATE_FILE
        weights, told = read_tensors(path)
        try:
            self.waited = int(told["waited"])
            self.best = None
            if weights:
                self.best = Best(
                    int(told["round"]),
                    float(told["accuracy"]),
                    tuple(map(int, told["updates"])),
                    {name: value.to(device) for name, value in weights.items()},
                )
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: damaged; start again with --overwrite") from error
