import plurigrid_ff


def test_every_public_name_loads_and_has_a_docstring():
    for name in plurigrid_ff.__all__:
        assert getattr(plurigrid_ff, name).__doc__, name


def test_the_lists_of_public_names_agree():
    assert sorted(plurigrid_ff._HOMES) == sorted(plurigrid_ff.__all__)
    assert set(plurigrid_ff.__all__) <= set(dir(plurigrid_ff))


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(plurigrid_ff, "no_such_name")
