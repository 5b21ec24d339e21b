"""Tensors in files: safetensors, whole or absent, with clear errors."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.files import written_beside

_KEY = "plurigrid_ff"  # safetensors metadata maps strings to strings; ours is one JSON value


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, Any]) -> None:
    """Write tensors and JSON metadata; on failure what was at ``path`` stays.

    Tensors that share memory, as tied weights do, are written one by one.

    Raises:
        OSError: The disk is full, say.
    """
    held: dict[str, Tensor] = {}
    places: set[int] = set()
    for name, tensor in tensors.items():
        value = tensor.detach().cpu().contiguous()
        place = value.untyped_storage().data_ptr()
        held[name] = value.clone() if place in places else value
        places.add(place)
    with written_beside(path) as temporary:
        try:
            save_file(held, temporary, {_KEY: json.dumps(metadata)})
        except SafetensorError as error:  # how safetensors reports a full disk
            raise OSError(str(error)) from error


def read_metadata(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Read the metadata and the shape of every tensor, but no tensor.

    Raises:
        CheckpointError: The file is missing, damaged, or not one of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be read as safetensors: {error}") from error
    if text is None:
        raise CheckpointError(f"{path}: safetensors, but not written by plurigrid-ff")
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: metadata is not JSON: {error}") from error
    if not isinstance(metadata, dict):
        raise CheckpointError(f"{path}: metadata must be a JSON object")
    return metadata, shapes


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read every tensor, on the CPU, and the metadata.

    Raises:
        CheckpointError: The file is missing, damaged, or not one of ours.
    """
    metadata, shapes = read_metadata(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in shapes}, metadata
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be read as safetensors: {error}") from error
