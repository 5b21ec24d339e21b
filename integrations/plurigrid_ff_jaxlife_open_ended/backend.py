"""JAX, or the error that names the extra."""

from plurigrid_ff.errors import MissingExtraError

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise MissingExtraError(
        "jaxlife-open-ended needs jax: pip install 'plurigrid-ff[jax]'"
    ) from error

__all__ = ["jax", "jnp"]
