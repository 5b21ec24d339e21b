"""Several watchers as one."""

from typing import TYPE_CHECKING

from plurigrid_ff.runs import Watcher

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.host.log import LogEntry
    from plurigrid_ff.results import RunReport


def joined(*watchers: Watcher) -> Watcher:
    """Return a watcher that tells each of several, in order."""

    def data(found: "Dataset") -> None:
        for watcher in watchers:
            watcher.on_data(found)

    def start(rounds: int) -> None:
        for watcher in watchers:
            watcher.on_start(rounds)

    def progress(share: float) -> None:
        for watcher in watchers:
            watcher.on_progress(share)

    def entry(entry: "LogEntry") -> None:
        for watcher in watchers:
            watcher.on_entry(entry)

    def finish(report: "RunReport") -> None:
        for watcher in watchers:
            watcher.on_finish(report)

    return Watcher(data, start, progress, entry, finish)
