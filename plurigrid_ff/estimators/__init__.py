"""Forward-Forward networks as scikit-learn estimators. Importing one loads no torch."""

from plurigrid_ff.estimators.classifier import FFClassifier
from plurigrid_ff.estimators.transformer import FFTransformer

__all__ = ["FFClassifier", "FFTransformer"]
