import pytest

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.lineage import Lineage

ADA = {"name": "ada", "agent": "agent-0", "round": 0}
BOB = {"name": "bob", "agent": "agent-1", "round": 1, "origin": "mixing"}


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ((ADA, ADA), (), "an individual's name occurs twice"),
        ((ADA,), (("ada", "bob"),), "no individual 'bob'"),
        ((ADA, BOB), (("ada", "bob"), ("bob", "ada")), "not acyclic: "),
    ],
)
def test_a_lineage_that_cannot_be_is_refused(nodes, edges, message):
    with pytest.raises(ConfigError, match=message):
        Lineage.parse({"nodes": nodes, "edges": edges}, where="lineage")


def test_a_key_that_its_path_does_not_lead_to_is_refused():
    key = derive_key(3, "shards")
    assert Derivation(seed=3, path=("shards",), key=key).key == key

    with pytest.raises(ConfigError, match=r"the key of \('shards',\) is"):
        Derivation.parse({"seed": 4, "path": ("shards",), "key": key}, where="derivation")
