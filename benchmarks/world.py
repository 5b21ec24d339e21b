"""A world of learning agents beside the same world of frozen ones; both evolve.

*learned*: agents learn, and children inherit what was learned. *innate*: agents learn, and
children inherit what their parent was born with. *frozen*: nobody learns. Figures are food per
agent-step and deaths per 1,000 agent-steps in the last quarter of the steps, and novelty times
learnability of the *learned* world beside its neutral shadow's. Speed is that of 1,000 agents
without shadow or records, for 1 and 2 threads, each in a process of its own. Example:

    python benchmarks/world.py --seeds 5 --out benchmarks/results/world.json
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from plurigrid_ff_jaxlife_open_ended.config import WorldConfig

from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

CONDITIONS: dict[str, dict[str, Any]] = {
    "learned": {},
    "innate": {"inheritance": "innate"},
    "frozen": {"learning": False},
}
SPEED_STEPS = 1000


def run(condition: str, seed: int, steps: int) -> dict[str, Any]:
    """Run a world to its end; the learned one with its neutral shadow."""
    from plurigrid_ff_jaxlife_open_ended.simulation import Simulation

    config = WorldConfig.parse(
        {**CONDITIONS[condition], "seed": seed, "steps": steps}, where="world"
    )
    began = time.process_time()
    simulation = Simulation.begin(config, shadow=condition == "learned")
    simulation.run(lambda record: None)
    report = simulation.report().model_dump(mode="json", exclude={"config"})
    history = [
        [record.step, record.alive, record.eaten, record.deaths] for record in simulation.history
    ]
    return {
        "condition": condition,
        "seed": seed,
        **report,
        "cpu_seconds": round(time.process_time() - began, 1),
        "history": history,  # step, alive, eaten, deaths
    }


def time_steps(threads: int) -> dict[str, Any]:
    """Time steps of 1,000 learning agents after the step is compiled, in another process."""
    flags = os.environ.get("XLA_FLAGS", "")
    if threads == 1:
        flags += " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    command = [sys.executable, __file__, "--time-steps"]
    environment = {**os.environ, "XLA_FLAGS": flags.strip(), "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return {"threads": threads, **json.loads(done.stdout)}


def print_speed() -> None:
    """Do what :func:`time_steps` asks of its process."""
    from plurigrid_ff_jaxlife_open_ended.world import advance, begin, no_fate, world_rules

    config = WorldConfig()
    rules, world = world_rules(config), begin(config)
    for _ in range(200):  # compiled, and as many alive as there are slots
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
    alive = int(world.people.alive.sum())
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(SPEED_STEPS):
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
    world.step.block_until_ready()
    print(
        json.dumps(
            {
                "agents": alive,
                "steps_per_cpu_second": round(SPEED_STEPS / (time.process_time() - cpu), 1),
                "steps_per_second": round(SPEED_STEPS / (time.perf_counter() - wall), 1),
            }
        )
    )


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return mean and spread of every condition, and on how many seeds learning is ahead."""
    keys = ("food_per_agent_step", "deaths_per_1000_agent_steps", "openness", "shadow_openness")
    summary: dict[str, Any] = {}
    for condition in CONDITIONS:
        own = [entry for entry in runs if entry["condition"] == condition]
        summary[condition] = {
            key: {
                "mean": round(statistics.mean(values), 5),
                "deviation": round(statistics.stdev(values), 5) if len(values) > 1 else 0.0,
            }
            for key in keys
            if (values := [entry[key] for entry in own if entry[key] is not None])
        }
    frozen = {e["seed"]: e["food_per_agent_step"] for e in runs if e["condition"] == "frozen"}
    for condition in ("learned", "innate"):
        own = [entry for entry in runs if entry["condition"] == condition]
        summary[condition]["seeds_ahead_of_frozen"] = sum(
            entry["food_per_agent_step"] > frozen[entry["seed"]] for entry in own
        )
    open_ended = [entry for entry in runs if entry["condition"] == "learned"]
    summary["learned"]["seeds_ahead_of_shadow"] = sum(
        entry["openness"] > entry["shadow_openness"] for entry in open_ended
    )
    return summary


def main() -> None:
    """Run all conditions on all seeds, time the step, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--time-steps", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.time_steps:
        print_speed()
        return
    runs = []
    for seed in range(arguments.seeds):
        for condition in CONDITIONS:
            runs.append(run(condition, seed, arguments.steps))
            shown = {key: value for key, value in runs[-1].items() if key != "history"}
            print(json.dumps(shown), flush=True)
    report = {
        "command": f"python benchmarks/world.py {' '.join(sys.argv[1:])}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, shared with other work",
        "versions": {**installed_versions(), "jax": version("jax")},
        "seeds": list(range(arguments.seeds)),
        "steps": arguments.steps,
        "speed": [time_steps(threads) for threads in (1, 2)],
        "summary": summarise(runs),
        "runs": runs,
    }
    print(json.dumps({key: report[key] for key in ("machine", "speed", "summary")}, indent=1))
    if arguments.out is not None:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
