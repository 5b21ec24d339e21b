import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves import spectrum as module
from plurigrid_ff.sheaves.diffusion import diffuse
from plurigrid_ff.sheaves.obstruction import discord
from plurigrid_ff.sheaves.permuting import PermutationLaplacian
from plurigrid_ff.sheaves.sections import project
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import spectrum


def eigenvalues(sheaf):
    return np.linalg.eigvalsh(sheaf.laplacian.toarray())


def test_a_cycle_has_the_spectrum_of_its_waves():
    n = 7
    waves = 2 - 2 * np.cos(2 * np.pi * np.arange(n) / n)

    np.testing.assert_allclose(
        eigenvalues(CellularSheaf.constant(nx.cycle_graph(n))), np.sort(waves), atol=1e-12
    )


def test_a_twisted_cycle_has_the_spectrum_of_twisted_waves():
    n, theta = 6, 0.7
    turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    maps = {(i, (i + 1) % n): turn if i == n - 1 else np.eye(2) for i in range(n)}
    angles = np.add.outer(2 * np.pi * np.arange(n), [theta, -theta]).ravel() / n

    np.testing.assert_allclose(
        eigenvalues(CellularSheaf.bundle(range(n), 2, maps)),
        np.sort(2 - 2 * np.cos(angles)),
        atol=1e-12,
    )


def test_complete_graphs_and_hypercubes():
    complete = eigenvalues(CellularSheaf.constant(nx.complete_graph(6)))
    cube = eigenvalues(CellularSheaf.constant(nx.hypercube_graph(4)))

    np.testing.assert_allclose(complete, [0, 6, 6, 6, 6, 6], atol=1e-12)
    np.testing.assert_allclose(cube, np.repeat([0, 2, 4, 6, 8], [1, 4, 6, 4, 1]), atol=1e-12)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16), dim=st.integers(1, 3))
def test_the_laplacian_is_symmetric_and_positive(seed, dim):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(5, 0.6, seed=seed)
    maps = {e: (rng.normal(size=(2, dim)), rng.normal(size=(2, dim))) for e in graph.edges}
    sheaf = CellularSheaf(dict.fromkeys(graph, dim), maps)
    dense = sheaf.laplacian.toarray()

    np.testing.assert_allclose(dense, dense.T)
    assert np.linalg.eigvalsh(dense).min() > -1e-9
    np.testing.assert_allclose(dense, (sheaf.d0.T @ sheaf.d0).toarray())


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_estimated_ends_of_the_spectrum_are_those_of_all_eigenvalues(seed):
    rng = np.random.default_rng(seed)
    graph = nx.random_regular_graph(4, 30, seed=seed)
    maps = {edge: rng.permutation(3) for edge in graph.edges}
    sheaf = CellularSheaf.bundle(graph, 3, maps)

    estimate, exact = module._estimate(sheaf, 90), spectrum(sheaf)

    assert exact.exact
    assert not estimate.exact
    assert estimate.largest == pytest.approx(exact.largest, rel=2e-3)
    assert estimate.gap == pytest.approx(exact.gap, rel=2e-2, abs=2e-3 * exact.largest)


def test_a_large_sheaf_of_unknown_sections_has_no_estimated_gap():
    graph = nx.path_graph(1600)
    sheaf = CellularSheaf.bundle(graph, 1, {edge: np.array([[2.0]]) for edge in graph.edges})

    with pytest.raises(SheafError, match="1600 numbers where the sections are not known"):
        spectrum(sheaf)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_a_laplacian_applied_by_index_is_the_matrix(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(5, 0.6, seed=seed)
    maps = {(u, v): rng.permutation(4) for u, v in graph.edges}
    sheaf = CellularSheaf.bundle(graph, 4, {(v, u): p for (u, v), p in maps.items()})
    x = rng.normal(size=(5, 4))
    by_index = PermutationLaplacian(list(graph), maps)

    np.testing.assert_allclose(by_index(x).ravel(), sheaf.laplacian @ x.ravel(), atol=1e-12)
    np.testing.assert_allclose(by_index.discords(x), list(discord(sheaf, x.ravel()).values()))
    same = PermutationLaplacian(list(graph), dict.fromkeys(graph.edges))
    plain = nx.laplacian_matrix(graph).toarray()
    np.testing.assert_allclose(same(x), plain @ x, atol=1e-12)


def test_without_edges_there_is_nothing_to_agree_on():
    found = spectrum(CellularSheaf.constant(nx.empty_graph(3)))

    assert (found.gap, found.largest, found.rate) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("step", [0.0, -0.1, 0.5, 0.6])
def test_a_step_that_diverges_is_refused_with_the_bound(step):
    found = spectrum(CellularSheaf.constant(nx.cycle_graph(4)))

    with pytest.raises(SheafError, match=r"2 / lambda_max = 0\.5; the fastest is 0\.3333"):
        found.require_converging(step)
    found.require_converging(0.49)


def test_beyond_the_bound_diffusion_does_diverge():
    sheaf = CellularSheaf.constant(nx.cycle_graph(4))
    x = np.array([1.0, -1.0, 1.0, -1.0])

    def last(step):
        return diffuse(sheaf.laplacian.__matmul__, x, steps=30, step=step).discord[-1]

    assert last(0.51) > last(0.5) > last(0.49)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_diffusion_converges_to_the_projection_at_the_predicted_rate(seed):
    rng = np.random.default_rng(seed)
    graph = nx.random_regular_graph(3, 8, seed=seed)
    sheaf = CellularSheaf.bundle(graph, 2, {edge: rng.permutation(2) for edge in graph.edges})
    x = rng.normal(size=(16, 3))
    found = spectrum(sheaf)

    steps = int(np.ceil(np.log(1e-8) / np.log(found.rate))) if found.rate > 1e-9 else 2
    run = diffuse(sheaf.laplacian.__matmul__, x, steps=steps, step=found.step)

    np.testing.assert_allclose(run.x, project(sheaf, x), atol=1e-6)
    assert run.discord[-1] <= run.discord[0] * found.rate**steps * (1 + 1e-6) + 1e-7
    assert found.rate == pytest.approx(
        (found.largest / found.gap - 1) / (found.largest / found.gap + 1), abs=1e-12
    )
    assert (run.measured_rate is None) or run.measured_rate < found.rate * 1.01
    early = diffuse(sheaf.laplacian.__matmul__, x, steps=steps // 2, step=found.step)
    if early.measured_rate is not None and steps > 60:
        assert early.measured_rate == pytest.approx(found.rate, rel=0.05)
