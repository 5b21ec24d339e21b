"""Sequences: triads that run one after the other, each from the networks of the one before.

One folder holds them: a run folder per triad, ``sequence.toml`` (the composition),
``sequence.json`` and ``report.html``. Every log begins with the hash that the log before ends in.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from plurigrid_ff.config import RunConfig, Triad, WarmStartConfig
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff.host.folder import RunFolder
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.turns import format_turns
from plurigrid_ff.runs import Watcher, train
from plurigrid_ff.sequence_results import SequenceReport, StageReport

COMPOSITION_FILE = "sequence.toml"
SEQUENCE_FILE = "sequence.json"

OnStage = Callable[[int, Triad], AbstractContextManager[Watcher]]


def stage_folder(folder: Path, place: int) -> Path:
    """Return the run folder of a triad of a sequence, from 1."""
    return folder / f"stage-{place}"


def run_sequence(
    config: RunConfig,
    turns: Sequence[Triad],
    out: Path | str,
    *,
    host: Host | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_stage: OnStage = lambda place, triad: nullcontext(Watcher()),
) -> SequenceReport:
    """Run triads one after the other, and write the folder of all of them.

    The first begins as ``config`` says; each that follows begins with the networks that the
    one before ended with. A verdict that is *failed* ends the sequence: nothing goes on from
    what was refused.

    Args:
        config: Settings of every run; a table of ``skills`` goes to the triads with that skill.
        turns: The triads, as :func:`~plurigrid_ff.host.turns.turns_from_arguments` gives them.
        out: Where the finished sequence will lie. Until then it grows in ``OUT.partial``.
        host: Skills to choose from; None loads every installed plugin.
        resume: Go on with an unfinished sequence of the same settings; start if there is none.
        overwrite: Replace a finished sequence, once this one is complete.
        on_stage: Called with place (from 1) and triad before each; what it gives watches the run.

    Returns:
        The report, as written to ``OUT/sequence.json``.

    Raises:
        PlurigridError: Anything the user can put right; nothing is lost by it.
    """
    out, host = Path(out), host or load_host()
    expression = format_turns(turns)
    tables = _tables(config, turns)
    partial = RunFolder(out).partial
    if resume and (out / SEQUENCE_FILE).is_file() and not partial.exists():
        done = read_sequence(out)
        _require_same(done.expression, expression, out)
        return done
    if resume and (partial / COMPOSITION_FILE).is_file():
        begun = read_text(partial / COMPOSITION_FILE)
        _require_same(_composition(expression), begun, partial)
    else:
        _require_free(out, partial, overwrite=overwrite)
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
        write_text(partial / COMPOSITION_FILE, _composition(expression))
    stages: list[StageReport] = []
    for place, (triad, skills) in enumerate(zip(turns, tables, strict=True), start=1):
        update: dict[str, object] = {"triad": triad, "skills": skills}
        if stages:
            before = str(stage_folder(out, place - 1))
            update["warm_start"] = WarmStartConfig(run=before, log_head=stages[-1].log_head)
        with on_stage(place, triad) as watcher:
            report = train(
                config.model_copy(update=update),
                stage_folder(partial, place),
                host=host,
                resume=True,
                watcher=watcher,
                start=stage_folder(partial, place - 1) if stages else None,
            )
        stages.append(StageReport.of(stage_folder(Path(), place).name, report))
        if stages[-1].outcome == "failed":
            break
    found = SequenceReport(expression=expression, planned=len(turns), stages=tuple(stages))
    return _finish(found, partial, out)


def read_sequence(folder: Path) -> SequenceReport:
    """Read the report of a finished sequence.

    Raises:
        RunFolderError: It is damaged.
    """
    path = folder / SEQUENCE_FILE
    try:
        return SequenceReport.model_validate_json(read_text(path))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path}: not the report of a sequence; run it again") from error


def _finish(found: SequenceReport, partial: Path, out: Path) -> SequenceReport:
    """Write report and page, and rename the folder into place."""
    from plurigrid_ff.report.sequence import write_sequence_page

    write_text(partial / SEQUENCE_FILE, found.model_dump_json(indent=2) + "\n")
    write_sequence_page(found, partial)
    RunFolder(out).finish()
    return found


def _tables(config: RunConfig, turns: Sequence[Triad]) -> list[dict[str, dict[str, object]]]:
    """Give every triad the settings of its own skills.

    Raises:
        ConfigError: A table that no triad has a skill for.
    """
    skills = [{triad.validator, triad.coordinator, triad.generator} for triad in turns]
    for name in config.skills:
        if not any(name in own for own in skills):
            used = ", ".join(sorted(set().union(*skills)))
            raise ConfigError(
                f"skills.{name}: settings for a skill that this sequence does not use; it uses "
                f"{used}"
            )
    return [{name: config.skills[name] for name in config.skills if name in own} for own in skills]


def _composition(expression: str) -> str:
    """Write the composition file."""
    return f'name = "sequence"\nexpression = "{expression}"\n'


def _require_same(have: str, want: str, folder: Path) -> None:
    """Refuse to go on with other triads.

    Raises:
        ConfigError: They are not those that the folder holds.
    """
    if have != want:
        raise ConfigError(
            f"{folder}: holds a sequence of other triads; resume with those it began with, or take "
            "another --out"
        )


def _require_free(out: Path, partial: Path, *, overwrite: bool) -> None:
    """Refuse to lose anything.

    Raises:
        RunFolderError: Something lies there and ``overwrite`` is False, or it is no sequence.
    """
    if out.exists() and not (out / SEQUENCE_FILE).is_file():
        raise RunFolderError(
            f"{out}: exists and is not a finished sequence, so it is left alone; choose another "
            "--out"
        )
    if partial.exists() and not (partial / COMPOSITION_FILE).is_file():
        raise RunFolderError(
            f"{partial}: exists and is no unfinished sequence, so it is left alone; choose another "
            "--out"
        )
    if overwrite:
        return
    if out.exists():
        raise RunFolderError(
            f"{out}: holds a finished sequence; choose another --out, or --overwrite to replace it "
            "once the new one is complete"
        )
    if partial.exists():
        raise RunFolderError(
            f"{partial}: holds an unfinished sequence; --resume to go on with it, or --overwrite "
            "to start again"
        )
