"""Questions whose requests and answers are plain data."""

import pytest

from plurigrid_ff.errors import DataError, PluginError, UnknownNameError
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host


@pytest.fixture
def steps(install):
    """Install a plugin that answers one question."""

    @hookimpl
    def nca_step(request):
        if request.get("fails"):
            raise DataError("no such grid")
        return request.get("answer", {"grid": [1]})

    install("steps", nca_step=nca_step)
    return load_host()


def test_a_request_is_answered_by_the_plugin_that_knows(steps):
    assert steps.ask("nca_step", request={"rule": "rule 30"}) == {"grid": [1]}
    assert steps.plugins[0].answers == ("nca_step",)


def test_what_is_wrong_with_a_request_reaches_whoever_asked(steps):
    with pytest.raises(DataError, match="no such grid"):
        steps.ask("nca_step", request={"fails": True})


def test_an_answer_that_is_no_object_is_the_plugins_fault(steps):
    with pytest.raises(PluginError, match="plugin 'steps': nca_step answers"):
        steps.ask("nca_step", request={"answer": 3})


def test_a_question_that_nobody_answers_or_knows_is_said(steps):
    with pytest.raises(PluginError, match="no loaded plugin answers nca_grow"):
        steps.ask("nca_grow", request={})
    with pytest.raises(UnknownNameError, match="did you mean 'nca_step'"):
        steps.ask("nca_stepp", request={})
