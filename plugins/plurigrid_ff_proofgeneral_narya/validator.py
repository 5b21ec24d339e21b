"""The validator: on how many probes is the true class provably ahead?"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from plurigrid_ff.errors import CertificateError, QuantisationError
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.folder import LOG_FILE, NETWORK_FILE, agent_file
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.ports import DERIVATIONS, PARAMETERS, Inbox
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.learning.checkpoint import load_network
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.results import Table, Verdict
from plurigrid_ff_proofgeneral_narya import ProofConfig
from plurigrid_ff_proofgeneral_narya.building import RADII, build_certificate, parse_radius
from plurigrid_ff_proofgeneral_narya.certifying import require_held
from plurigrid_ff_proofgeneral_narya.checker import find_derivation_faults
from plurigrid_ff_proofgeneral_narya.folder import write_certificate
from plurigrid_ff_proofgeneral_narya.layers import integer_layer, integer_samples
from plurigrid_ff_proofgeneral_narya.margins import LayerBounds
from plurigrid_ff_proofgeneral_narya.provers import check_all, describe_missing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CERTIFICATE_FOLDER = "certificate"


class CertifyingValidator:
    """Bounds margins every round; after the last one it writes the run's certificate.

    Args:
        config: Radius and limit.
        context: The run's settings, data and society.

    Raises:
        ConfigError: The radius is none.
    """

    def __init__(self, config: ProofConfig, context: RunContext) -> None:
        self.config = config
        self.radius = parse_radius(config.radius)
        self._run = context.run
        self._data = context.data
        self._shards = context.society.shards

    def validate(self, inbox: Inbox) -> Verdict:
        """Judge the agent with the fewest certified probes, and the round's derivations."""
        fault = _derivation_fault(inbox[DERIVATIONS])
        if fault:
            return Verdict(passed=False, measure=None, limit=self.config.limit, reason=fault)
        shares: dict[str, dict[str, tuple[float, float]]] = {}
        for agent, parameters in inbox[PARAMETERS].items():
            try:
                shares[agent] = self._shares(agent, parameters, inbox)
            except (CertificateError, QuantisationError) as error:
                reason = f"{agent} cannot be certified: {error}"
                return Verdict(passed=None, measure=None, limit=self.config.limit, reason=reason)
        worst = min(shares, key=lambda agent: shares[agent][str(self.radius)][0])
        certified = shares[worst][str(self.radius)][0]
        return Verdict(
            passed=1 - certified <= self.config.limit,
            measure=1 - certified,
            limit=self.config.limit,
            reason=self._say(worst, certified, inbox),
            tables=(_table(shares),),
        )

    def save_files(self, folder: Path) -> None:
        """Write the certificate of the finished run, and what the checkers say of it.

        Raises:
            CertificateError: A checker rejects it.
        """
        agents = sorted(path.stem for path in agent_file(folder, "x").parent.glob("*.safetensors"))
        places = {agent: agent_file(folder, agent) for agent in agents}
        log = read_log(folder / LOG_FILE)
        for agent, path in (places or {"": folder / NETWORK_FILE}).items():
            network, _ = load_network(path)
            certificate = build_certificate(
                network,
                self._data.train,
                self._data.test,
                log,
                seed=self._run.seed,
                count=self.config.samples,
                radius=self.config.radius,
            )
            checks = check_all(certificate, self.config.prover)
            place = folder / CERTIFICATE_FOLDER / agent
            write_certificate(place, certificate, checks)
            require_held(checks, place)

    def _shares(
        self, agent: str, parameters: "Mapping[str, NDArray[np.float32]]", inbox: Inbox
    ) -> dict[str, tuple[float, float]]:
        """Return the certified shares of an agent's probes, shared and separate, per radius."""
        places = self._shards.get(agent)
        train = (self._data if places is None else self._data.shard(places)).train
        network = FFNetwork(
            self._run.network, self._data.feature_shape, self._data.num_classes, seed=0
        )
        network.prepare(torch.from_numpy(train.x), torch.from_numpy(train.y))
        _take_up(network, parameters)
        bounds = LayerBounds(integer_layer(network, train.x))
        x = integer_samples(network, inbox.society.probes)
        shares = {}
        radii = {radius.steps: radius for radius in map(parse_radius, ("0", *RADII))}
        radii[self.radius.steps] = self.radius
        for _, radius in sorted(radii.items()):
            margins = bounds.margins(x, inbox.society.labels, radius.steps)
            shares[str(radius)] = (
                float((margins.shared > 0).mean()),
                float((margins.separate > 0).mean()),
            )
        return shares

    def _say(self, agent: str, certified: float, inbox: Inbox) -> str:
        """Put the verdict into one sentence, and say who checks it."""
        missing = describe_missing(self.config.prover)
        asked = "coqc and narya check" if self.config.prover == "coqc" else "Coq and Narya check"
        return (
            f"{agent}: on {certified:.1%} of {len(inbox.society.labels)} probes the true class is "
            f"provably ahead within {self.radius} (layer 1, integers); "
            f"{missing or f'{asked} the certificate'}"
        )


def _take_up(network: FFNetwork, parameters: "Mapping[str, NDArray[np.float32]]") -> None:
    """Give a network the weights of the port; its buffers it has from the samples.

    Raises:
        CertificateError: A weight is missing, unknown, or of another shape.
    """
    own = {name: tuple(value.shape) for name, value in network.named_parameters()}
    given = {name: value.shape for name, value in parameters.items()}
    for name in sorted(own.keys() | given.keys()):
        if own.get(name) != given.get(name):
            raise CertificateError(
                f"port 'parameters': expected {name!r} of shape {own.get(name, 'none')}, got "
                f"{given.get(name, 'none')}"
            )
    weights = {name: torch.from_numpy(value) for name, value in parameters.items()}
    network.load_state_dict(weights, strict=False)


def _derivation_fault(derivations: tuple[Derivation, ...]) -> str | None:
    """Derive every key of the round again, by the checker's own code."""
    for derivation in derivations:
        path = [derivation.seed, *derivation.path]
        if find_derivation_faults([{"path": path, "key": f"{derivation.key:#018x}"}]):
            return f"the key of {path} does not follow from it"
    return None


def _table(shares: dict[str, dict[str, tuple[float, float]]]) -> Table:
    """List the certified shares."""
    return Table(
        title="Probes whose class is provably ahead",
        columns=("agent", "radius", "both read one point", "each reads its own point"),
        rows=tuple(
            (agent, radius, *found)
            for agent, by_radius in shares.items()
            for radius, found in by_radius.items()
        ),
        note="Layer 1 in exact integers; radius in units of a sample's root mean square. At 0 it "
        "is the layer's accuracy.",
    )
