import pytest

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import UnknownNameError
from plurigrid_ff.learning.catalogue import describe_objective, list_objectives
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.objectives import known_objectives, parse_options


def test_every_objective_is_described_with_its_paper():
    cards = {card.name: card for card in list_objectives()}

    assert set(cards) == set(known_objectives())
    for card in cards.values():
        assert card.summary.endswith(".")
        assert any(year in card.reference for year in ("2022", "2023", "2024", "2025", "2026"))
        assert card.error is None
        assert all(option.description for option in card.options)


def test_the_options_in_the_catalogue_are_those_that_a_run_resolves_to():
    for card in list_objectives():
        resolved = parse_options(card.name, {}).model_dump()
        assert {option.name: option.default for option in card.options} == resolved


def test_the_negatives_in_the_catalogue_are_those_that_a_run_accepts():
    for card in list_objectives():
        for name in card.negatives:
            config = NetworkConfig(objective=card.name, negatives=name, readout="probe")
            found = find_negatives(config)
            assert (found.name if found else "none") == name


def test_an_unknown_objective_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'symba'"):
        describe_objective("simba")
