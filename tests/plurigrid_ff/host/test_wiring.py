from plurigrid_ff.host.skill import Role, SkillCard
from plurigrid_ff.host.wiring import wiring_faults


def card(role: Role, name: str, **ports) -> SkillCard:
    return SkillCard(name=name, version="1", role=role, summary="for tests", **ports)


def trio(generator=None, coordinator=None, validator=None) -> dict[Role, SkillCard]:
    return {
        Role.GENERATOR: card(
            Role.GENERATOR, "gen", **(generator or {"feedback": ("s",), "produces": ("g",)})
        ),
        Role.COORDINATOR: card(
            Role.COORDINATOR, "coord", **(coordinator or {"consumes": ("g",), "produces": ("s",)})
        ),
        Role.VALIDATOR: card(Role.VALIDATOR, "val", **(validator or {"consumes": ("g",)})),
    }


def test_ports_that_fit_have_no_faults():
    assert wiring_faults(trio()) == []


def test_a_port_that_nobody_writes_is_named():
    assert wiring_faults(trio(validator={"consumes": ("maps",)})) == [
        "'val' consumes 'maps', which no skill of the triad produces"
    ]


def test_a_port_that_is_written_too_late_is_named():
    faults = wiring_faults(
        trio(generator={"consumes": ("s",), "feedback": ("s",), "produces": ("g",)})
    )

    assert faults == ["'gen' consumes 's', which 'coord' produces only later in a round"]


def test_feedback_that_nobody_writes_is_allowed():
    assert wiring_faults(trio(validator={"consumes": ("g",), "feedback": ("rumours",)})) == []


def test_a_verdict_can_be_fed_back():
    generator = {"feedback": ("s", "verdict"), "produces": ("g",)}

    assert wiring_faults(trio(generator=generator)) == []


def test_a_coordinator_whom_nobody_reads_coordinates_nothing():
    faults = wiring_faults(trio(coordinator={"consumes": ("g",), "produces": ("memo",)}))

    assert faults == ["'coord' produces memo, which neither 'gen' nor 'val' reads"]
