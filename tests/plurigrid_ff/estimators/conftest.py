"""scikit-learn's digits, split once."""

import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


@pytest.fixture(scope="session")
def digits():
    """Samples and classes to learn from, then those to test on: 1347 and 450."""
    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=450, random_state=0)
    return x_train, y_train, x_test, y_test
