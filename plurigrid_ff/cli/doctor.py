"""``plurigrid-ff doctor``."""

import os
from typing import Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table


@click.command("doctor")
@json_option
@click.pass_obj
def command(options: Options, as_json: bool) -> None:
    """Show versions, the device, data sets found, and plugins that failed.

    \b
    Example:
      plurigrid-ff doctor --json
    """
    with clean_errors(as_json):
        found = examine(options)
        if as_json:
            print_json(found)
            return
        print_table(("package", "version"), list(found["versions"].items()))
        device = found["device"]
        click.echo(f"hooks  version {found['hooks_version']}")
        click.echo(f"device  {device['auto']} ({device['detail']}, {device['threads']} threads)\n")
        rows = [
            (item["name"], "found" if item["found"] else "not found", item["detail"])
            for item in found["data"]
        ]
        print_table(("data set", "state", "where"), rows)
        failed = [(item["name"], item["error"] or "") for item in found["plugins_failed"]]
        if failed:
            print_table(("plugin that failed", "error"), failed)
        else:
            click.echo("plugins  all loaded")


def examine(options: Options) -> dict[str, Any]:
    """Look at what this installation has."""
    import torch

    from plurigrid_ff.data.found import find_datasets
    from plurigrid_ff.host.hook_versions import HOOKS_VERSION
    from plurigrid_ff.learning.devices import resolve_device
    from plurigrid_ff.provenance import installed_versions

    host = options.host
    device = resolve_device("auto")
    detail = torch.cuda.get_device_name() if device.type == "cuda" else f"{os.cpu_count()} cores"
    return {
        "versions": installed_versions(),
        "hooks_version": HOOKS_VERSION,
        "device": {"auto": device.type, "detail": detail, "threads": torch.get_num_threads()},
        "data": [source.model_dump(mode="json") for source in find_datasets()],
        "plugins_failed": [record.model_dump(mode="json") for record in host.failures],
    }
