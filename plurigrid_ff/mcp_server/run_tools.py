"""Tools that train and use runs."""

from plurigrid_ff.mcp_server import working
from plurigrid_ff.mcp_server.answers import Predictions
from plurigrid_ff.mcp_server.arguments import (
    EvaluateArguments,
    PredictArguments,
    ReplayArguments,
    ReproduceArguments,
    TrainArguments,
)
from plurigrid_ff.mcp_server.tool import GOES_ON, READS, WRITES, Tool
from plurigrid_ff.replay import ReplayReport
from plurigrid_ff.reproduction import Reproduction
from plurigrid_ff.results import Assessment, RunReport

RUN_TOOLS = (
    Tool(
        "train",
        "Train a network",
        "Train a network layer by layer, without backprop, and write a run folder. Starts from "
        "defaults or a recipe. With a triad, a validator passes a verdict: 'failed' and "
        "'undecidable' are answers, not errors. A call that is cancelled or takes too long "
        "leaves OUT.partial; the same call with resume=true goes on. Takes seconds to minutes.",
        TrainArguments,
        RunReport,
        WRITES,
        working.train,
    ),
    Tool(
        "reproduce",
        "Reproduce a recipe",
        "Train a recipe on several seeds, beside backprop on the same splits and what was "
        "published. Finished seeds are kept: the same call again trains what is missing.",
        ReproduceArguments,
        Reproduction,
        GOES_ON,
        working.reproduce,
    ),
    Tool(
        "evaluate",
        "Evaluate a run",
        "Measure the network of a finished run on test samples: in all, and layer by layer.",
        EvaluateArguments,
        Assessment,
        READS,
        working.evaluate,
    ),
    Tool(
        "replay",
        "Replay a run",
        "Derive a finished run again from its settings and compare log and networks, step by step. "
        "A difference is an answer: it names the round, role and port. Bits are promised on the "
        "same machine, versions and threads only; environment says what has changed. Takes as "
        "long as training did.",
        ReplayArguments,
        ReplayReport,
        READS,
        working.replay,
    ),
    Tool(
        "predict",
        "Label samples",
        "Label samples with the network of a finished run. Answers counts per label and the "
        "first predictions; out writes all of them. Probabilities are not calibrated.",
        PredictArguments,
        Predictions,
        WRITES,
        working.predict,
    ),
)
