"""What all tools of one server share: folder, limits, plugins, turns."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread
from pydantic import BaseModel

from plurigrid_ff.config import Settings
from plurigrid_ff.data.load import NAMED
from plurigrid_ff.errors import RunFolderError, unknown_name
from plurigrid_ff.host.folder import RunFolder, read_run_config
from plurigrid_ff.host.graphs import is_path
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.mcp_server.answers import ObjectiveList
from plurigrid_ff.mcp_server.gate import Claims, Gate
from plurigrid_ff.mcp_server.launching import run_in_worker
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.mcp_server.messages import Request
from plurigrid_ff.mcp_server.working_folder import WorkingFolder

Report = Callable[[float, str], Awaitable[None]]
R = TypeVar("R", bound=BaseModel)


@dataclass
class Door:
    """One server's state.

    Args:
        folder: Where every path of a call lies.
        limits: What a call may ask for.
        allow_plugins: False loads no plugin, first-party skills included.
    """

    folder: WorkingFolder
    limits: Limits
    allow_plugins: bool = True
    claims: Claims = field(default_factory=Claims)
    objectives: ObjectiveList | None = field(default=None, init=False)
    training: Gate = field(init=False)
    computing: Gate = field(init=False)

    def __post_init__(self) -> None:
        """Make the gates: what only computes need not wait for a training."""
        turns = {"places": self.limits.concurrency, "queue": self.limits.queue}
        self.training = Gate("training", **turns)
        self.computing = Gate("computing", **turns)
        self._loading = anyio.Lock()

    async def host(self) -> Host:
        """Load the plugins, once and beside the event loop."""
        async with self._loading:
            return await anyio.to_thread.run_sync(lambda: self._host)

    @cached_property
    def _host(self) -> Host:
        return load_host(allow_plugins=self.allow_plugins)

    async def work(
        self, gate: Gate, job: str, arguments: Settings, answer: type[R], report: Report
    ) -> R:
        """Wait for a turn, then have a worker process do a job.

        Raises:
            LimitError: The queue is full, or the job took more than it may.
            WorkerError: What the job said went wrong.
        """
        request = Request(
            job=job,
            arguments=arguments.model_dump(mode="json"),
            limits=self.limits,
            allow_plugins=self.allow_plugins,
        )

        async def wait(ahead: int) -> None:
            await report(0.0, f"waiting: {ahead} {'call' if ahead == 1 else 'calls'} first")

        async with gate.turn(wait):
            return answer.model_validate(await run_in_worker(request, self.folder.root, report))

    def absolute(self, path: Path) -> Path:
        """Return a path of the working folder for use in this process."""
        return self.folder.root / path

    def reference(self, kind: str, text: str, known: Collection[str], *, where: str) -> str:
        """Return a known name as it is, and the name of a file as a path of this process.

        Raises:
            WorkingFolderError: It is a path that leads out.
            UnknownNameError: It is neither.
        """
        if text in known:
            return text
        path = self.absolute(self.folder.inside(text, where=where))
        if path.suffix == ".toml" or path.is_file():
            return str(path)
        raise unknown_name(kind, text, known)

    def require_data(self, source: str, *, where: str) -> None:
        """Require a data set that has a name, or lies in the working folder.

        Raises:
            WorkingFolderError: It lies elsewhere, or a link in it leads there.
        """
        if source not in NAMED:
            self.folder.tree(source, where=where)

    def require_graph(self, spec: str, *, where: str) -> None:
        """Require a family of graphs, or a file in the working folder.

        Raises:
            WorkingFolderError: It lies elsewhere.
        """
        if is_path(spec):
            self.folder.tree(spec, where=where)

    def usable_run(self, text: str, *, where: str) -> Path:
        """Resolve the folder of a finished run whose data may be read.

        Raises:
            PlurigridError: As :meth:`finished_run` and :meth:`require_data`.
        """
        run = self.finished_run(text, where=where)
        source = read_run_config(self.absolute(run)).data.source
        self.require_data(source, where=f"{run}/run.toml: data.source")
        return run

    def finished_run(self, text: str, *, where: str = "run") -> Path:
        """Resolve the folder of a finished run.

        Raises:
            WorkingFolderError: It leads out of the working folder.
            RunFolderError: The run is not finished.
            UnknownNameError: There is none; the nearest is suggested.
        """
        path = self.folder.run(text, where=where)
        folder = RunFolder(self.absolute(path))
        if folder.is_complete:
            return path
        if folder.is_begun:
            raise RunFolderError(
                f"{where}: {str(path)!r} is not finished; call train with this out and resume=true"
            )
        beside = folder.path.parent.iterdir() if folder.path.parent.is_dir() else ()
        known = [
            str(other.relative_to(self.folder.root))
            for other in beside
            if RunFolder(other).is_complete
        ]
        remedy = f"known here: {', '.join(sorted(known))}" if known else "train makes one"
        raise unknown_name("run", str(path), known, where=f"{where}: ", remedy=remedy)
