"""What is said of an exported folder after it was built and run."""

import re

import numpy as np
import pytest

from plurigrid_ff.onchip import checks
from plurigrid_ff.onchip.checks import check_folder
from plurigrid_ff.onchip.folder import folder_files
from plurigrid_ff.onchip.inputs import InputScaling
from plurigrid_ff.onchip.memory import memory


@pytest.fixture
def exported(random_network, tmp_path):
    """An exported folder, and what was counted for it."""
    network = random_network(7, objective="class-goodness")
    x = np.random.default_rng(0).integers(-127, 128, (9, network.inputs), dtype=np.int8)
    counted = memory(network, learns=True)
    files = folder_files(
        network,
        InputScaling(np.zeros(network.inputs), np.ones(network.inputs)),
        x,
        np.arange(9) % network.classes,
        learns=True,
        memory=counted,
        class_names=("a",) * network.classes,
    )
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path, counted


def replace(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def test_both_checks_pass_and_measure_and_leave_no_trace(exported, tool):
    tool("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    folder, counted = exported
    before = sorted(path.name for path in folder.iterdir())

    host, core = check_folder(folder, counted)

    assert (host.target, core.target) == ("host", "cortex-m3")
    assert host.passed is core.passed is True
    assert host.message == core.message
    assert host.message.startswith("ok: 9 predictions, digest ")
    assert (host.flash, host.ram, host.stack) == (None, None, None)
    assert counted.tables < core.flash <= counted.flash
    assert counted.ram - 4 <= core.ram <= counted.ram
    assert 0 < core.stack <= counted.stack
    assert sorted(path.name for path in folder.iterdir()) == before


def test_without_a_cross_compiler_the_host_is_checked_and_the_package_named(
    exported, tool, only_programs
):
    tool("make", "gcc")
    only_programs("make", "gcc")

    host, core = check_folder(*exported)

    assert host.passed is True
    assert core.passed is None
    assert core.message == (
        "arm-none-eabi-gcc is needed and not on PATH; on Debian and Ubuntu: apt-get install "
        "gcc-arm-none-eabi"
    )
    assert core.flash is None


def test_without_gcc_the_core_is_checked_and_the_package_named(exported, tool, only_programs):
    tool("make", "arm-none-eabi-gcc", "qemu-system-arm")
    only_programs("make", "arm-none-eabi-gcc", "qemu-system-arm")

    host, core = check_folder(*exported)

    assert host.passed is None
    assert host.message.endswith("apt-get install gcc")
    assert core.passed is True


def test_without_an_emulator_the_object_file_is_measured_all_the_same(
    exported, tool, only_programs
):
    tool("make", "arm-none-eabi-gcc")
    only_programs("make", "gcc", "arm-none-eabi-gcc")

    _, core = check_folder(*exported)

    assert core.passed is None
    assert core.message.startswith("built, not run: qemu-system-arm is needed and not on PATH")
    assert core.flash > 0 < core.ram
    assert core.stack is None


def test_without_make_nothing_is_checked(exported, only_programs):
    only_programs("gcc", "arm-none-eabi-gcc", "qemu-system-arm")

    for check in check_folder(*exported):
        assert check.passed is None
        assert check.message.endswith("apt-get install make")


def test_a_wrong_result_fails_on_both(exported, tool):
    tool("make", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
    folder, counted = exported
    replace(folder, "ff_model.c", "ram_steps++;", "ram_steps += 2;")

    for check in check_folder(folder, counted):
        assert check.passed is False
        assert check.message.startswith("error: state after 9 learning steps: expected digest ")


def test_code_that_does_not_compile_fails_with_the_compilers_first_error(exported, tool):
    tool("make", "gcc", "arm-none-eabi-gcc")
    folder, counted = exported
    replace(folder, "ff_model.c", "ram_steps++;", "no_such_name++;")

    for check in check_folder(folder, counted):
        assert check.passed is False
        assert re.search(r"error: .no_such_name. undeclared", check.message)


@pytest.mark.parametrize(
    ("shrunk", "message"),
    [
        ({"code": 100}, r"more than the \d+ and \d+ that were counted; please report it"),
        ({"ram": 100}, r"more than the \d+ and 100 that were counted; please report it"),
        ({"stack": 8}, r"takes \d+ bytes of stack, counted were 8; report it"),
    ],
)
def test_more_than_was_counted_fails(exported, tool, shrunk, message):
    tool("make", "arm-none-eabi-gcc", "qemu-system-arm")
    folder, counted = exported

    _, core = check_folder(folder, counted.model_copy(update=shrunk))

    assert core.passed is False
    assert core.message.startswith("error: takes ")
    assert re.search(message, core.message)
    assert core.flash > 0


def test_a_build_that_does_not_end_fails(exported, tool, monkeypatch):
    tool("make", "gcc")
    folder, counted = exported
    monkeypatch.setattr(checks, "TIMEOUT_S", 0.001)

    host, _ = check_folder(folder, counted)

    assert host.passed is False
    assert host.message == "error: make check did not end within 0.001 s"


def test_a_warning_of_make_is_not_taken_for_the_result(exported, tool):
    tool("make", "gcc")
    folder, counted = exported
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text() + "\n$(warning clock skew)\n")

    host, _ = check_folder(folder, counted)

    assert host.message.startswith("ok: ")
