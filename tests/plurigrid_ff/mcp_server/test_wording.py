from plurigrid_ff.mcp_server.arguments import EvaluateArguments, TrainArguments
from plurigrid_ff.mcp_server.wording import reworded


def test_options_of_the_command_line_become_arguments():
    message = "a: holds a run; choose another --out, or --overwrite to replace it; see --help"

    assert reworded(message, TrainArguments) == (
        "a: holds a run; choose another out, or overwrite=true to replace it; see --help"
    )
    assert reworded("name --label-column", EvaluateArguments) == "name label_column"


def test_control_characters_do_not_reach_the_client():
    assert reworded("a\x1b[31mb", TrainArguments) == "a\\x1b[31mb"
