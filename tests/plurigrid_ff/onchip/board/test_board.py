"""The exported folder, built and run on this computer and on an emulated Cortex-M3."""

import re
import subprocess

import pytest

from plurigrid_ff.onchip.elf import Sizes, object_sizes

ARM_GCC, QEMU = "arm-none-eabi-gcc", "qemu-system-arm"
EVERY_WARNING = (
    "STRICT=-Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wundef -Wcast-qual "
    "-Wstrict-prototypes -Wmissing-prototypes"
)


def stack(answer):
    """Bytes of stack that a run under QEMU reports."""
    return int(re.search(r"^stack: (\d+) bytes$", answer.stdout, re.MULTILINE).group(1))


def without_stack(answer):
    return re.sub(r"^stack: .*\n", "", answer.stdout)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_check_builds_without_a_warning_and_passes(make, tool, oracle, compiler):
    tool(compiler)

    answer = make("check", f"CC={compiler}", EVERY_WARNING)

    assert answer.stderr == ""
    assert answer.stdout == f"ok: 6 predictions, digest {oracle.digest:08x}\n"
    assert answer.returncode == 0


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_model_that_does_not_learn_is_checked_too(make, tool, expect, untrained, compiler):
    tool(compiler)
    expect(untrained.predicted, untrained.digest)

    answer = make("check", f"CC={compiler} -DFF_LEARNS=0", EVERY_WARNING)

    assert answer.stderr == ""
    assert answer.stdout == f"ok: 6 predictions, digest {untrained.digest:08x}\n"


def test_a_wrong_digest_fails_the_check(make, tool, expect, oracle):
    tool("gcc")
    expect(oracle.predicted, oracle.digest ^ 1)

    answer = make("check", "CC=gcc")

    expected = f"expected digest {oracle.digest ^ 1:08x}, got {oracle.digest:08x};"
    assert answer.stdout.startswith(f"error: state after 6 learning steps: {expected}")
    assert answer.returncode != 0


def test_a_wrong_prediction_fails_the_check_and_the_first_is_named(make, tool, expect, oracle):
    tool("gcc")
    wrong = [*oracle.predicted[:2], 1, 0, *oracle.predicted[4:]]
    expect(wrong, oracle.digest)

    answer = make("check", "CC=gcc")

    assert answer.stdout.startswith("error: vector 2: expected class 1, got 3;")
    assert answer.returncode != 0


def test_plain_make_builds_the_example(make, tool, exported):
    tool("gcc")

    answer = make("CC=gcc")

    assert answer.returncode == 0, answer.stderr
    assert (exported / "build" / "host" / "example").exists()
    assert make("clean").returncode == 0
    assert not (exported / "build").exists()


@pytest.mark.parametrize(
    ("cpu", "optimisation"),
    [("cortex-m3", "-Os"), ("cortex-m3", "-O3"), ("cortex-m0", "-Os"), ("cortex-m7", "-Os")],
)
def test_the_cortex_m_prints_what_this_computer_prints(make, tool, oracle, cpu, optimisation):
    tool("gcc", ARM_GCC, QEMU)

    answer = make("run-cortex-m", f"CPU={cpu}", f"CROSS_CFLAGS={optimisation}", EVERY_WARNING)

    assert answer.stderr == ""
    assert without_stack(answer) == make("check", "CC=gcc").stdout
    assert answer.returncode == 0


def test_a_wrong_digest_fails_the_check_on_the_cortex_m_too(make, tool, expect, oracle):
    tool(ARM_GCC, QEMU)
    expect(oracle.predicted, oracle.digest ^ 1)

    answer = make("run-cortex-m")

    assert without_stack(answer).startswith("error: state after 6 learning steps: expected digest")
    assert answer.returncode != 0


def test_the_stack_that_is_measured_grows_with_what_the_model_puts_there(make, tool):
    tool(ARM_GCC, QEMU)

    small = stack(make("run-cortex-m", "CPU=cortex-m3", "CROSS_CFLAGS=-Os -DSCRATCH=4"))
    make("clean")
    large = stack(make("run-cortex-m", "CPU=cortex-m3", "CROSS_CFLAGS=-Os -DSCRATCH=2004"))

    assert 8 <= small <= 100
    assert large - small == pytest.approx(2000, abs=16)


def test_the_stack_that_is_measured_is_the_deepest_frame_that_gcc_computes(make, tool, exported):
    tool(ARM_GCC, QEMU)

    measured = stack(make("run-cortex-m", "CPU=cortex-m3", "CROSS_CFLAGS=-Os -fstack-usage"))

    lines = (exported / "build/cortex-m3/ff_model.su").read_text().splitlines()
    assert measured == max(int(line.split("\t")[1]) for line in lines)


def test_a_stack_that_is_too_small_is_said_so(make, tool):
    tool(ARM_GCC, QEMU)

    answer = make("run-cortex-m", "STACK_SIZE=512", "CROSS_CFLAGS=-Os -DSCRATCH=800")

    assert answer.stdout.startswith("error: stack: expected a model that leaves some of ")
    assert answer.returncode != 0


def test_a_faulting_model_ends_the_run_with_a_sentence(make, tool, exported):
    tool(ARM_GCC, QEMU)
    model = exported / "ff_model.c"
    model.write_text(model.read_text().replace("steps++;", '__asm__("udf #0");'))

    answer = make("run-cortex-m")

    assert answer.stdout.startswith("error: the processor faulted; link with a larger STACK_SIZE")
    assert answer.returncode != 0


def test_a_model_that_does_not_learn_runs_on_the_cortex_m(make, tool, expect, untrained):
    tool(ARM_GCC, QEMU)
    expect(untrained.predicted, untrained.digest)

    answer = make("run-cortex-m", "CROSS_CFLAGS=-Os -DFF_LEARNS=0", EVERY_WARNING)

    assert without_stack(answer) == f"ok: 6 predictions, digest {untrained.digest:08x}\n"
    assert answer.returncode == 0


def test_sizes_of_arm_files_are_those_of_the_toolchain(make, tool, exported):
    tool("arm-none-eabi-gcc", "arm-none-eabi-size")
    make("cortex-m", "CPU=cortex-m3")
    build = exported / "build" / "cortex-m3"
    paths = [build / name for name in ("ff_model.o", "startup.o", "check.elf")]

    command = ["arm-none-eabi-size", "--format=berkeley", *paths]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    for path, line in zip(paths, lines[1:], strict=True):
        text, data, bss = map(int, line.split()[:3])
        assert text > 0
        assert object_sizes(path) == Sizes(flash=text + data, ram=data + bss)


def test_a_missing_cross_compiler_is_named_with_its_package(make):
    answer = make("cortex-m", "CROSS=no-such-")

    message = "no-such-gcc is needed and not on PATH; on Debian and Ubuntu: apt-get install"
    assert answer.stderr.startswith(f"{message} gcc-arm-none-eabi\n")
    assert answer.returncode != 0


def test_a_missing_emulator_is_named_with_its_package(make, tool):
    tool(ARM_GCC)

    answer = make("run-cortex-m", "QEMU=no-such-qemu")

    message = "no-such-qemu is needed and not on PATH; on Debian and Ubuntu: apt-get install"
    assert answer.stderr.startswith(f"{message} qemu-system-arm\n")
    assert answer.returncode != 0


def test_a_missing_host_compiler_is_named_with_its_package(make):
    answer = make("check", "CC=no-such-cc -m64")

    assert answer.stderr.startswith("no-such-cc is needed and not on PATH;")
    assert "apt-get install gcc\n" in answer.stderr
