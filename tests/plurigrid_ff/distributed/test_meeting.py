import json
import socket

import pytest
from torch.distributed import HashStore

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.distributed.meeting import PAPERS, Launch, meet, open_store
from plurigrid_ff.errors import ConfigError, MeetingError

VERSIONS, SETTINGS = {"torch": "2.13.0"}, {"seed": 0, "network.hidden": [5, 5]}


def launch(**changes) -> Launch:
    place = {"rank": 0, "world": 2, "local_rank": 0, "address": "127.0.0.1", "port": 29500}
    return Launch(**(place | {"hosted": False, "attempt": 0} | changes))


def shown(store, rank, *, versions=VERSIONS, settings=SETTINGS):
    papers = {"host": f"machine-{rank}", "versions": versions, "settings": settings}
    store.set(f"{PAPERS}{rank}", json.dumps(papers))


def test_a_launch_is_read_from_what_torchrun_sets():
    found = Launch.read(
        {
            "RANK": "3",
            "WORLD_SIZE": "4",
            "LOCAL_RANK": "1",
            "MASTER_ADDR": "10.0.0.1",
            "MASTER_PORT": "29500",
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_RESTART_COUNT": "2",
        }
    )

    assert found == Launch(3, 4, 1, "10.0.0.1", 29500, hosted=True, attempt=2)


@pytest.mark.parametrize("environment", [{}, {"RANK": "0", "WORLD_SIZE": "two"}])
def test_a_process_without_a_launcher_is_told_how_to_start(environment):
    with pytest.raises(ConfigError, match="expected a number from the launcher.*torchrun"):
        Launch.read(environment)


def test_those_who_match_learn_where_the_others_are():
    store = HashStore()
    shown(store, 1)

    hosts = meet(store, launch(), VERSIONS, SETTINGS, 1.0)

    assert hosts == [socket.gethostname(), "machine-1"]


def test_who_does_not_come_is_named_with_the_address():
    store = HashStore()
    shown(store, 2)

    with pytest.raises(
        MeetingError, match=r"waited 0.2 s at 127.0.0.1:29500.*ranks 0 to 3 these did.*: 1, 3;"
    ):
        meet(store, launch(world=4), VERSIONS, SETTINGS, 0.2)


def test_another_version_or_setting_is_refused():
    for difference, message in (
        ({"versions": {"torch": "2.12.0"}}, "rank 1 runs torch '2.12.0', rank 0 '2.13.0'"),
        ({"settings": SETTINGS | {"seed": 1}}, "rank 1 was asked for seed 1, rank 0 0;"),
    ):
        store = HashStore()
        shown(store, 1, **difference)
        with pytest.raises(ConfigError, match=message):
            meet(store, launch(), VERSIONS, SETTINGS, 1.0)


def test_a_store_that_nobody_holds_is_an_error_with_its_address():
    with socket.socket() as bound:  # bound, and nobody listens
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(MeetingError, match=f"rank 1 of 2 on .* 127.0.0.1:{port} within 1 s"):
            open_store(launch(rank=1, port=port), 1.0)


def test_processes_that_make_no_whole_stages_are_refused():
    with pytest.raises(ConfigError, match="3 processes cannot be divided into stages of 2"):
        Fleet(launch(world=3), {}, replicas=2)
