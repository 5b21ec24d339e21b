"""scikit-learn's own checks of an estimator, all of them, for several settings.

None is expected to fail. Some skip themselves: those of data frames where pandas or polars is
not installed, and that of other array libraries, where SCIPY_ARRAY_API is not set; the
estimators take what numpy can read.
"""

from sklearn.utils.estimator_checks import parametrize_with_checks

from plurigrid_ff import FFClassifier, FFTransformer

SMALL = {"hidden": (12,), "learning_rate": 2e-2, "epochs": 12, "device": "cpu"}
ESTIMATORS = [
    FFClassifier(device="cpu"),
    FFClassifier(**SMALL, scaling="none", decay="none"),
    FFClassifier(**SMALL, objective="threshold", options={"goodness": "top-k"}),
    FFClassifier(**SMALL, objective="self-contrastive", readout="probe"),
    FFTransformer(**SMALL, layer=-1),
    FFTransformer(**SMALL, objective="symba", negatives="noise"),
    FFTransformer(**SMALL, objective="self-contrastive"),
]


@parametrize_with_checks(ESTIMATORS)
def test_the_estimators_pass_every_check_of_scikit_learn(estimator, check):
    check(estimator)
