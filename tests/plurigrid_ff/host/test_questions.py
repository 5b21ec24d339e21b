import pytest

from plurigrid_ff.colors.messages import RatedColor
from plurigrid_ff.errors import DataError, PluginError, UnknownNameError
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host


def ranking(score):
    @hookimpl
    def color_rank(colors):
        if isinstance(score, Exception):
            raise score
        if score is None or isinstance(score, str):
            return score
        return tuple(RatedColor(color=color, score=score, uncertainty=0) for color in colors)

    return {"color_rank": color_rank}


def ask_rank(host):
    return host.ask("color_rank", profile={}, colors=["#FF0000"])


def test_the_first_plugin_that_knows_answers(install):
    install("a", **ranking(None))
    install("b", **ranking(2.0))
    install("c", **ranking(3.0))

    (rated,) = ask_rank(load_host())

    assert rated.model_dump(mode="json") == {"color": "#FF0000", "score": 2.0, "uncertainty": 0.0}


def test_every_plugin_is_listed_with_the_questions_it_answers(install):
    install("a", **ranking(1.0))
    install("b")

    assert [record.answers for record in load_host().plugins] == [("color_rank",), ()]


def test_a_question_that_nobody_answers_says_where_to_look(install):
    install("a", **ranking(None))

    with pytest.raises(PluginError, match="no loaded plugin answers color_rank; `plurigrid-ff pl"):
        ask_rank(load_host())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": {}, "colors": ["red"]}, "color_rank: colors: 0: string should match"),
        ({"profile": {"sead": 1}, "colors": []}, "color_rank: profile: sead: extra inputs"),
        ({"colors": []}, "color_rank: profile: input should be"),
        ({"profile": {}, "colors": [], "x": 1}, "takes profile, colors, and not x"),
    ],
)
def test_arguments_are_checked_before_a_plugin_sees_them(install, arguments, message):
    install("a", **ranking(AssertionError("seen")))

    with pytest.raises(PluginError, match=message):
        load_host().ask("color_rank", **arguments)


def test_what_a_plugin_raises_becomes_a_sentence(install):
    install("a", **ranking(ZeroDivisionError("by zero")))

    with pytest.raises(PluginError, match="plugin 'a': color_rank raised ZeroDivisionError: by z"):
        ask_rank(load_host())


def test_an_error_that_a_user_can_act_on_stays_as_it_is(install):
    install("a", **ranking(DataError("no such colour")))

    with pytest.raises(DataError, match="^no such colour$"):
        ask_rank(load_host())


def test_an_answer_of_another_form_is_refused(install):
    install("a", **ranking("much"))

    with pytest.raises(PluginError, match="color_rank answers: input should be a valid tuple"):
        ask_rank(load_host())


def test_an_unknown_question_is_told_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'color_rank'"):
        load_host(allow_plugins=False).ask("colour_rank")


def test_being_asked_is_traced(install):
    install("a", **ranking(1.0))
    calls = []

    ask_rank(load_host(trace=calls.append))

    assert [str(call).split(" (")[0] for call in calls] == ["a: color_rank was asked"]
