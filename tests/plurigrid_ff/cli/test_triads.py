import json

import pytest

TRIAD = "persistent-homology-open-games-forward-forward"
SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "32", "--device", "cpu"]


def test_three_skills_in_any_order_run_as_a_triad(invoke, tmp_path):
    skills = ["open-games", "forward-forward-learning", "persistent-homology"]

    result = invoke("triads", "run", *skills, *SMALL, "--out", "mine", "--json")

    triad = json.loads(result.stdout)["triad"]
    assert triad["validator"] == "persistent-homology"
    assert result.exit_code in (0, 3)


def test_a_validator_that_says_no_is_exit_status_three(invoke):
    strict = ["--set", "skills.persistent-homology.limit=0.01"]

    result = invoke("triads", "run", TRIAD, *SMALL, *strict, "--out", "mine", "--json")

    verdict = json.loads(result.stdout)["verdict"]
    assert result.exit_code == 3
    assert verdict["passed"] is False
    assert verdict["measure"] > verdict["limit"] == 0.01


def test_triads_are_listed_with_their_state(invoke):
    listed = {item["name"]: item for item in json.loads(invoke("triads", "list", "--json").stdout)}

    assert len(listed) == 6
    assert all(item["faults"] == [] for item in listed.values())
    assert invoke("triads", "list").output.count("ready") == 6
    bare = json.loads(invoke("--no-plugins", "triads", "list", "--json").stdout)
    assert all("is not installed" in fault for item in bare for fault in item["faults"])


def test_a_triad_is_shown_with_its_sum_and_ports(invoke):
    result = invoke("triads", "show", TRIAD)

    assert "= 0 in GF(3): balanced, strict, ports fit" in result.output
    assert "gains" in result.output


@pytest.mark.parametrize(
    "reference",
    [[TRIAD], ["open-games", "persistent-homology", "forward-forward-learning"]],
)
def test_checking_a_good_triad_is_exit_status_zero(invoke, reference):
    result = invoke("triads", "check", *reference)

    assert result.exit_code == 0
    assert "balanced, strict, ports fit" in result.output


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (["open-games", "open-games", "forward-forward-learning"], "= +1 in GF(3), not 0"),
        (["open-games", "unworld", "self-evolving-agent"], "balanced but not strict"),
        (["open-gams", "persistent-homology", "forward-forward-learning"], "mean 'open-games'"),
        (["open-games", "persistent-homology"], "got 2 arguments"),
        (["no-such-triad"], "unknown triad 'no-such-triad'"),
        (["absent.toml"], "absent.toml: cannot be read"),
    ],
)
def test_checking_a_bad_triad_says_why(invoke, reference, message, refused):
    refused(invoke("triads", "check", *reference), message)


def test_a_triad_with_a_skill_that_is_not_installed_is_refused(invoke, monkeypatch, refused):
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "-sheaf-cohomology")

    refused(
        invoke("triads", "check", "sheaf-cohomology-sheaf-laplacian-forward-forward"),
        "'sheaf-cohomology' is not install",
    )


def test_a_triad_file_with_a_skill_in_the_wrong_slot_is_refused(invoke, tmp_path, refused):
    (tmp_path / "bad.toml").write_text(
        'name = "bad"\nvalidator = "forward-forward-learning"\ncoordinator = "open-games"\n'
        'generator = "persistent-homology"\n'
    )

    refused(
        invoke("triads", "run", "bad.toml"),
        "'forward-forward-learning' is a generator, but it fills the validator slot",
    )


def test_composing_writes_a_file_that_checks(invoke, tmp_path, refused):
    skills = ["open-games", "persistent-homology", "forward-forward-learning"]

    composed = invoke("triads", "compose", *skills, "--name", "mine", "--out", "mine.toml")

    assert composed.exit_code == 0
    assert invoke("triads", "check", "mine.toml").exit_code == 0
    refused(invoke("triads", "compose", *skills, "--out", "mine.toml"), "exists; --overwrite")
