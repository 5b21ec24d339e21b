"""Tables and charts that go with a verdict."""

from collections.abc import Sequence

from plurigrid_ff.results import Chart, Series, Table
from plurigrid_ff.sheaves.localisation import Localisation
from plurigrid_ff_sheaf_cohomology.findings import Finding
from plurigrid_ff_sheaf_cohomology.trial import Trial


def layer_table(findings: Sequence[Finding]) -> Table:
    """Return the numbers of every layer."""
    rows = tuple(
        (
            found.layer + 1,
            found.cohomology.h0,
            found.cohomology.h1,
            *(round(value, 4) for value in _numbers(found)),
        )
        for found in findings
    )
    return Table(
        title="Sheaf of hidden units",
        columns=(
            "layer",
            "h0",
            "h1",
            "holonomy defect",
            "fit",
            "best fit",
            "variance retained",
            "consistency radius",
        ),
        rows=rows,
        note="h0 counts the units that agents share under the maps, exactly. The defect is the "
        "share of units that do not come back to themselves round a cycle. Fit is the mean "
        "correlation of units that stand for each other, and of how goodness reads them where it "
        "is linear in them, under the maps and under the best match of each pair; "
        "variance retained is what agreement under the maps would leave.",
    )


def trial_table(trial: Trial, probes: int) -> Table:
    """Return what agreement costs."""
    return Table(
        title="Trial of agreement",
        columns=("probes", "agents as they are", "once they agree", "loss", "error"),
        rows=(
            (
                probes,
                round(trial.local, 4),
                round(trial.section, 4),
                round(trial.loss, 4),
                round(trial.error, 4),
            ),
        ),
        note="Mean accuracy on the labelled probes. Agreement is the global section nearest to "
        "the agents' weights, where diffusion along the maps ends; nobody has taken it up. Error: "
        "one standard error of the loss, over probes.",
    )


def edge_table(findings: Sequence[Finding]) -> Table:
    """Return the discord of every edge, layer by layer."""
    layers = tuple(f"layer {found.layer + 1}" for found in findings)
    rows = tuple(
        (u, v, *(round(found.discord[u, v], 4) for found in findings))
        for u, v in findings[0].discord
    )
    return Table(
        title="Discord per edge",
        columns=("agent", "neighbour", *layers),
        rows=rows,
        note="0: both say the same of every probe. 1: they have nothing to do with each other.",
    )


def culprit_table(localisation: Localisation) -> Table:
    """Return who bears how much of what does not fit."""
    rows = tuple(
        (str(agent), round(share, 4), _standing(agent, localisation))
        for agent, share in localisation.shares.items()
    )
    return Table(
        title="Who is to blame",
        columns=("agent", "share of the L1 residual", "standing"),
        rows=rows,
        note=localisation.reason,
    )


def discord_chart(findings: Sequence[Finding]) -> Chart:
    """Draw the discord of every edge."""
    return Chart(
        kind="bar",
        title="Discord per edge",
        x_label="edge",
        y_label="discord",
        series=tuple(
            Series(
                name=f"layer {found.layer + 1}",
                x=tuple(map(float, range(1, len(found.discord) + 1))),
                y=tuple(found.discord.values()),
            )
            for found in findings
        ),
        note="Edges in the order of the table.",
    )


def _numbers(found: Finding) -> tuple[float, ...]:
    """What was measured of a layer, in the order of the table."""
    return found.defect, found.fit, found.best_fit, found.retained, found.radius


def _standing(agent: object, localisation: Localisation) -> str:
    """Say what is known of one agent."""
    if agent == localisation.culprit:
        return "culprit"
    if agent in localisation.invisible:
        return "not visible"
    return "possible" if agent in localisation.rivals else "not the one"
