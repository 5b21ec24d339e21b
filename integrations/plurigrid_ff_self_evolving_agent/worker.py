"""The evaluation of one individual, in a process of its own: learn, then be measured."""

import sys
from pathlib import Path

from plurigrid_ff.config import DataConfig, Settings
from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff_self_evolving_agent.genome import Genome

JOB_FILE, RESULT_FILE = "job.json", "result.json"
INHERITED_FILE, WEIGHTS_FILE = "inherited.safetensors", "weights.safetensors"
MOST_PROBES = 2000
OUT_OF_MEMORY, REFUSED = 3, 2
"""Exit statuses."""


class Job(Settings):
    """What is evaluated; inherited weights lie beside it.

    Attributes:
        name: Of the individual; its draws derive from it.
    """

    name: str
    data: DataConfig
    genome: Genome
    seed: int


class Result(Settings):
    """What an evaluation found; the weights lie beside it.

    Attributes:
        right: One character per probe, ``1`` where the network is right.
        parameters: Trained numbers.
    """

    right: str
    parameters: int


def limit_memory(mib: int) -> None:
    """Let this process hold no more data than that, where the system knows such a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    size = mib << 20
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def evaluate(folder: Path) -> Result:
    """Do the job in a folder; write the weights beside it.

    Raises:
        PlurigridError: The settings do not fit the data, or training fails.
    """
    import torch
    from safetensors.numpy import load_file, save_file

    from plurigrid_ff.data.load import load_dataset
    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.trainer import Trainer

    job = Job.model_validate_json(read_text(folder / JOB_FILE))
    data = load_dataset(job.data, seed=job.seed)
    network = FFNetwork(
        job.genome.network, data.feature_shape, data.num_classes, seed=job.seed, role=job.name
    )
    if (folder / INHERITED_FILE).exists():
        inherited = load_file(folder / INHERITED_FILE)
        own = {name: tuple(value.shape) for name, value in network.named_parameters()}
        if own == {name: value.shape for name, value in inherited.items()}:
            state = {name: torch.from_numpy(value) for name, value in inherited.items()}
            network.load_state_dict(state, strict=False)
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    trainer = Trainer(network, x, y, job.genome.training, seed=job.seed, role=job.name)
    trainer.train_epochs(job.genome.training.epochs)
    probes = torch.from_numpy(data.validation.x[:MOST_PROBES])
    labels = torch.from_numpy(data.validation.y[:MOST_PROBES])
    with torch.no_grad():
        right = network.predict(probes) == labels
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    save_file(weights, folder / WEIGHTS_FILE)
    return Result(
        right="".join("01"[int(flag)] for flag in right), parameters=network.num_parameters
    )


def main(folder: Path, memory: int) -> int:
    """Do the job within its memory, and return the exit status."""
    limit_memory(memory)
    try:
        result = evaluate(folder)
    except PlurigridError as error:
        print(error, file=sys.stderr)  # noqa: T201 - read by the process that started this one
        return REFUSED
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return OUT_OF_MEMORY
        raise
    write_text(folder / RESULT_FILE, result.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
