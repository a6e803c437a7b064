"""The pages say what the program does: README's commands run, the reference is what the code generates."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
CI_BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(encoding="utf-8"), re.DOTALL)
REFUSED = "momentun"  # in the command that README shows failing


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A folder like a fresh clone after ``make demo``, and the shell to type README's commands in."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("configs", "data"):
        shutil.copytree(ROOT / name, folder / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def run(command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": path}
        return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)

    return run


def test_the_tour_of_the_readme_runs_from_the_first_command_to_the_last(shell):
    assert len(COMMANDS) >= 7
    for command in COMMANDS:
        done = shell(command)
        assert done.returncode == (2 if REFUSED in command else 0), (command, done.stderr)


def test_the_faults_that_the_readme_shows_are_printed_to_the_letter(shell):
    block = next(block for block in BLOCKS if REFUSED in block)
    command, *shown = block.splitlines()
    assert shell(command.removeprefix("$ ")).stderr.splitlines() == shown


def test_the_config_that_the_readme_shows_is_the_one_that_ships():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml\n(.*?)```", readme, re.DOTALL)
    shipped = (ROOT / "configs" / "digits-mlp.yaml").read_text(encoding="utf-8")
    assert shown is not None
    assert shown[1] == "".join(line for line in shipped.splitlines(keepends=True) if not line.startswith("#"))


def test_the_programs_of_the_page_for_python_run(shell):
    shell("nettrain fit configs/digits-cnn.yaml --set train.epochs=1")
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    done = shell(f"{sys.executable} - <<'END'\n{program}\nEND")
    assert (done.returncode, done.stderr) == (0, "")
    first = [line.split()[0] for line in done.stdout.splitlines()]
    assert first == ["data/digits/test/7/0017.png", "data/digits/test/3/0003.png", "1", "2", "3"]


def test_the_shell_lines_of_the_ci_examples_run(shell):
    """As the runners run them, with ``bash -e``; what they install is here already."""
    blocks = [yaml.safe_load(block) for block in CI_BLOCKS]
    github = next(block for block in blocks if "jobs" in block)
    gitlab = next(block for block in blocks if "train" in block)
    lines = [step["run"] for job in github["jobs"].values() for step in job["steps"] if "run" in step]
    lines += [*gitlab["train"]["before_script"], *gitlab["train"]["script"]]
    install = "python -m pip install ."
    assert lines.count(install) == 2
    for line in (line for line in lines if line != install):
        done = shell(f"bash -e -o pipefail <<'END'\n{line}\nEND")
        assert done.returncode == 0, (line, done.stderr)
    assert shell("ls evaluation.json evaluation.txt predictions.csv runs/ci/gate.json").returncode == 0
    paths = github["jobs"]["train"]["steps"][-1]["with"]["path"].split() + gitlab["train"]["artifacts"]["paths"]
    assert shell(f"ls {' '.join(paths)}").returncode == 0


def test_the_gate_of_the_page_for_ci_is_a_config(shell):
    block = next(block for block in CI_BLOCKS if block.startswith("# in the config"))
    done = shell(f"(cat configs/digits-mlp.yaml; echo '{block}') > configs/gate.yaml; nettrain check configs/gate.yaml")
    assert done.returncode == 0, done.stderr


def test_the_reference_is_what_the_code_says():
    check = [sys.executable, ROOT / "docs" / "make_reference.py", "--check"]
    done = subprocess.run(check, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
