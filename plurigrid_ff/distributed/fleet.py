"""The processes of a run: who has which layers, and how they talk beside the activities."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import load, save
from torch import Tensor
from torch.distributed import PrefixStore  # type: ignore[attr-defined]

from plurigrid_ff.distributed.meeting import Launch, meet, open_store
from plurigrid_ff.errors import (
    ConfigError,
    DeviceError,
    PlurigridError,
    StageLostError,
    TrainingError,
)
from plurigrid_ff.provenance import installed_versions

FAILURE = "failure"
# Between two stretches of epochs the first process measures, reports and saves.
AS_LONG_AS_IT_TAKES = timedelta(days=365)


class Fleet:
    """Processes that train one network: ``stages`` runs of layers, ``replicas`` of each.

    Rank ``stage * replicas + replica``. Rank 0 leads: it holds the samples, the whole network's
    weights and the run folder; the others do what it tells them.

    Args:
        launch: This process's place among them.
        settings: What every process was asked to do; they must agree.
        replicas: How many learn the same layers, each from its part of every batch.
        timeout_s: How long any process waits for another.
        cuda: Activities lie on GPUs, one per process, and go by nccl; else by gloo.

    Raises:
        ConfigError: So many processes cannot be divided, or they do not match.
        MeetingError: Not all of them came.
        DeviceError: There are fewer GPUs than processes on a machine.
    """

    def __init__(
        self,
        launch: Launch,
        settings: Mapping[str, Any],
        *,
        replicas: int = 1,
        timeout_s: float = 300.0,
        cuda: bool = False,
    ) -> None:
        if launch.world % replicas:
            raise ConfigError(
                f"--replicas: {launch.world} processes cannot be divided into stages of {replicas} "
                "replicas; start a multiple of it"
            )
        self.rank = launch.rank
        self.replicas = replicas
        self.stages = launch.world // replicas
        self.stage, self.replica = divmod(launch.rank, replicas)
        self.cuts: list[range] = []
        self._store = open_store(launch, timeout_s)
        self._hosts = meet(self._store, launch, installed_versions(), settings, timeout_s)
        if cuda:
            if launch.local_rank >= torch.cuda.device_count():
                raise DeviceError(
                    f"rank {launch.rank} needs a GPU of its own, number {launch.local_rank} of "
                    f"{self._hosts[launch.rank]}, which has {torch.cuda.device_count()}; start "
                    "fewer processes there, or use --device cpu"
                )
            torch.cuda.set_device(launch.local_rank)
        with self.talking("the others"):
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if cuda else "gloo",
                store=PrefixStore("group", self._store),
                rank=launch.rank,
                world_size=launch.world,
                timeout=timedelta(seconds=timeout_s),
            )
            # All ranks take part in making every group.
            ranks = [[self.rank_of(s, r) for r in range(replicas)] for s in range(self.stages)]
            groups = [dist.new_group(own) for own in ranks] if replicas > 1 else []
        self.group = groups[self.stage] if groups else None

    def rank_of(self, stage: int, replica: int) -> int:
        """Return the rank of one process."""
        return stage * self.replicas + replica

    @property
    def others(self) -> range:
        """The ranks that rank 0 leads."""
        return range(1, self.stages * self.replicas)

    def name(self, rank: int) -> str:
        """Say who a rank is: its stage, its layers and its machine."""
        stage, replica = divmod(rank, self.replicas)
        cut = self.cuts[stage] if self.cuts else None
        layers = f"layers {cut.start + 1} to {cut.stop}, " if cut else ""
        which = f"replica {replica + 1}, " if self.replicas > 1 else ""
        return (
            f"stage {stage + 1} of {self.stages} ({layers}{which}rank {rank} on "
            f"{self._hosts[rank]})"
        )

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell all others, from rank 0."""
        for rank in self.others:
            self._send(json.dumps(message).encode(), rank)

    def dismiss(self) -> None:
        """Tell all others that it was all."""
        self.tell({"do": "end"})

    def hear(self) -> dict[str, Any]:
        """Wait for what rank 0 tells, as long as it is there."""
        message: dict[str, Any] = json.loads(self._receive(0, AS_LONG_AS_IT_TAKES))
        return message

    def send(self, tensors: Mapping[str, Tensor], rank: int) -> None:
        """Send tensors by name, wherever they lie."""
        own = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        self._send(save(own), rank)

    def receive(self, rank: int) -> dict[str, Tensor]:
        """Receive what :meth:`send` sent, on the CPU."""
        tensors: dict[str, Tensor] = load(self._receive(rank))
        return tensors

    def _send(self, data: bytes, rank: int) -> None:
        """Send bytes, never none, after their number."""
        with self.talking(self.name(rank)):
            dist.send(torch.tensor([len(data)]), rank)
            dist.send(torch.frombuffer(bytearray(data), dtype=torch.uint8), rank)

    def _receive(self, rank: int, patience: timedelta | None = None) -> bytes:
        """Receive what :meth:`_send` sent; wait for it no longer than for anything else."""
        size = torch.zeros(1, dtype=torch.int64)
        with self.talking(self.name(rank)):
            coming = dist.irecv(size, rank)
            assert coming is not None  # noqa: S101 - both are in the group
            coming.wait() if patience is None else coming.wait(patience)
            data = torch.empty(int(size), dtype=torch.uint8)
            dist.recv(data, rank)
        return data.numpy().tobytes()

    @contextmanager
    def talking(self, whom: str) -> Iterator[None]:
        """Turn a broken or silent connection into an error that says what happened first.

        Raises:
            TrainingError: Another process had to stop.
            StageLostError: Another process is gone.
        """
        try:
            yield
        except RuntimeError as error:  # all that torch.distributed raises
            lost = StageLostError(f"{whom} was lost: {str(error).splitlines()[0][:200]}")
            self.report(lost)
            raise (self.failure() or lost) from error

    def report(self, error: PlurigridError) -> None:
        """Leave word of a failure for the others; the first that is left counts."""
        record = {"training": isinstance(error, TrainingError), "message": str(error)}
        try:
            self._store.compare_set(FAILURE, "", json.dumps(record))
        except RuntimeError:  # the store has gone with its holder: nobody is left to read it
            return

    def failure(self) -> PlurigridError | None:
        """Return the first failure that any process left word of; None if it is not known."""
        try:
            if not self._store.check([FAILURE]):
                return None
            record = json.loads(self._store.get(FAILURE))
        except RuntimeError:  # the store has gone with its holder
            return None
        kind = TrainingError if record["training"] else StageLostError
        return kind(record["message"])

    def close(self) -> None:
        """Leave, without waiting for anybody."""
        if dist.is_initialized():
            dist.destroy_process_group()
