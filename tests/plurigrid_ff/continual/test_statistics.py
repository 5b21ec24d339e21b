import numpy as np
import torch
from sklearn.covariance import empirical_covariance
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

from plurigrid_ff.continual.learner import Batch
from plurigrid_ff.continual.statistics import NearestMean, StreamingLDA


def data():
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    x = generator.normal(size=(120, 5)) @ generator.normal(size=(5, 5)) + np.eye(3, 5)[y] * 2
    return torch.from_numpy(x), torch.from_numpy(y)


def taught(kind, x, y):
    """Learn one class and then two others, and be shown remembered samples too."""
    one = kind(lambda samples: samples, 5, 3)
    turns = torch.cat([(y == 2).nonzero().flatten(), torch.arange(80).reshape(2, 40).T.flatten()])
    recalled = torch.full((4, 5), 1e3, dtype=x.dtype), torch.tensor([2, 2, 0, 1])
    for part in turns.split(7):
        samples, labels = torch.cat([x[part], recalled[0]]), torch.cat([y[part], recalled[1]])
        one.learn(Batch(samples, labels, fresh=len(part)))
    return one


def test_means_are_those_of_all_at_once_and_remembered_samples_are_not_counted_again():
    x, y = data()
    one = taught(NearestMean, x, y)
    oracle = NearestCentroid().fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(one.means.numpy(), oracle.centroids_)
    np.testing.assert_array_equal(one.scores(x).argmax(1).numpy(), oracle.predict(x.numpy()))


def test_discriminants_are_those_of_all_at_once():
    x, y = data()
    one = taught(StreamingLDA, x, y)
    oracle = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.01, priors=[1 / 3] * 3)
    oracle.fit(x.numpy(), y.numpy())

    centred = np.concatenate([x[y == k].numpy() - x[y == k].numpy().mean(0) for k in range(3)])
    np.testing.assert_allclose(one.covariance.numpy(), empirical_covariance(centred), atol=1e-10)
    found = one.scores(x).argmax(1).numpy()
    assert (found == oracle.predict(x.numpy())).mean() > 0.98  # it scales features first
    assert (found == y.numpy()).mean() > 0.7


def test_before_anything_varies_there_is_an_answer():
    one = StreamingLDA(lambda samples: samples, 5, 3)
    one.learn(Batch(torch.ones(1, 5), torch.tensor([1]), 1))
    assert torch.isfinite(one.scores(torch.ones(2, 5))).all()
