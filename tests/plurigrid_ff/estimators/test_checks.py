"""scikit-learn's own checks of an estimator, all of them, for several settings.

None is expected to fail. Some skip themselves: those of data frames where pandas or polars is
not installed, and that of other array libraries where SCIPY_ARRAY_API is not set. With all
three they pass as well; scipy reads that variable once, so a test cannot set it.
"""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from plurigrid_ff import FFClassifier, FFTransformer

SMALL = {"hidden": (12,), "learning_rate": 2e-2, "epochs": 12, "device": "cpu"}
ESTIMATORS = [
    FFClassifier(device="cpu"),
    FFClassifier(**SMALL, scaling="none", decay="none"),
    FFClassifier(**SMALL, objective="threshold", options={"goodness": "top-k"}),
    FFClassifier(**SMALL, objective="self-contrastive", readout="probe"),
    FFClassifier(**SMALL, schedule="greedy", optimizer="adamw", clip=1.0, patience=4),
    FFTransformer(**SMALL, layer=-1),
    FFTransformer(**SMALL, objective="symba", negatives="noise"),
    FFTransformer(**SMALL, objective="self-contrastive"),
]


# What scikit-learn asks of its own transformers only: names and frames.
OUTPUT_CHECKS = [
    estimator_checks.check_transformer_get_feature_names_out,
    estimator_checks.check_transformer_get_feature_names_out_pandas,
    estimator_checks.check_set_output_transform,
    estimator_checks.check_set_output_transform_pandas,
    estimator_checks.check_set_output_transform_polars,
    estimator_checks.check_global_output_transform_pandas,
    estimator_checks.check_dataframe_column_names_consistency,
]


@parametrize_with_checks(ESTIMATORS)
def test_the_estimators_pass_every_check_of_scikit_learn(estimator, check):
    check(estimator)


# The checks fit with names and transform without, and the reverse.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")
@pytest.mark.parametrize("check", OUTPUT_CHECKS, ids=lambda check: check.__name__)
def test_the_transformer_passes_the_checks_of_scikit_learns_own(check):
    check("FFTransformer", FFTransformer(**SMALL))
