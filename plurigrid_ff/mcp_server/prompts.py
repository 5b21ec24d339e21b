"""Prompts: common jobs, in the order in which the tools serve them."""

from typing import Any

from mcp.server import MCPServer


def add_prompts(server: MCPServer[Any]) -> None:
    """Offer the common jobs."""

    @server.prompt(title="Train and judge")
    def train_and_judge(data: str = "digits", out: str = "runs/judged") -> str:
        """Train through a triad whose validator can say no, and report what came out."""
        return (
            f"Train on the data set {data!r} and have the run judged.\n"
            "1. list_datasets, if the data set is a name; list_triads: take one with no faults.\n"
            f"2. train with that triad, few epochs first, out={out!r}.\n"
            "3. Report test_accuracy beside chance (1 / classes), accuracy and separation of every "
            "layer, and the verdict with its reason. A verdict that is not 'passed' is a result: "
            "report it and do not retry until it passes."
        )

    @server.prompt(title="Compare objectives")
    def compare_objectives(data: str = "digits", out: str = "runs/compared") -> str:
        """Compare local objectives on one data set, over several seeds."""
        return (
            f"Compare local objectives on {data!r}.\n"
            "1. list_objectives; leave out those that read no label unless readout is 'probe'.\n"
            "2. For each objective and each of the seeds 0, 1, 2: train with the same layers and "
            f"epochs, out below {out!r}, one folder per objective and seed.\n"
            "3. Give mean and spread per objective, and say which differences are within the "
            "spread. Three seeds are few; say so."
        )

    @server.prompt(title="Explain a run")
    def explain_run(run: str) -> str:
        """Explain a finished run's report to somebody who has not seen one."""
        return (
            f"Explain the run {run!r}.\n"
            f"1. evaluate with run={run!r}; read the resource plurigrid-ff://runs/{run} for its "
            "verdict and settings.\n"
            "2. Say how good it is beside chance, which layers add something (accuracy and "
            "separation), which units are dead, which classes are mixed up.\n"
            "3. Say what the verdict rests on, or that nobody validated the run."
        )

    @server.prompt(title="Label new samples")
    def label_samples(run: str, samples: str, out: str = "labels.csv") -> str:
        """Label samples with a finished run and write them to a file."""
        return (
            f"Label {samples!r} with the run {run!r}.\n"
            f"1. evaluate with run={run!r}, to know how far its labels can be trusted.\n"
            f"2. predict with run={run!r}, samples={samples!r}, out={out!r}.\n"
            "3. Report the counts per label. Probabilities are not calibrated; say so if you "
            "mention them."
        )
