from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.marks import MAX_AGENTS, agent_colors, mark_colors, role_color
from plurigrid_ff.colors.vision import least_distance


def test_roles_part_for_all_eyes():
    roles = [role_color(trit) for trit in (-1, 0, 1)]

    assert least_distance(srgb_of(roles), for_all=True) > 0.08


def test_agents_keep_their_colours_when_another_joins():
    names = [f"agent-{number}" for number in range(12)]

    assert agent_colors(names[:11]).items() <= agent_colors(reversed(names)).items()


def test_as_many_agents_as_there_are_colours_part_for_all_eyes():
    colors = mark_colors(MAX_AGENTS)

    assert len(set(colors)) == MAX_AGENTS
    assert least_distance(srgb_of(colors), for_all=True) > 0.05
    assert colors[:8] == mark_colors(8)


def test_beyond_that_colours_repeat_in_order():
    colors = agent_colors([f"agent-{number}" for number in range(MAX_AGENTS + 1)])

    assert colors[f"agent-{MAX_AGENTS}"] == colors["agent-0"]
