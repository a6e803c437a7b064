"""The house rules that can be read off the source: floors, cycles, hidden imports, asserts, first lines, sizes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nettrain

PACKAGE = Path(nettrain.__file__).parent
FLOORS = [  # from the roof down; floors on one line stand side by side and do not know each other
    {"cli", "python"},
    {"report"},
    {"training"},
    {"model"},
    {"ops", "optim", "data"},
    {"autograd"},
    {"arrays"},
    {"config"},
    {"files"},
    {"errors", "formats", "version"},
]
LOWEST_ROOMS, HIGHEST_ROOMS = {"store", "metrics"}, {"series", "probing", "proposing"}  # of training, the largest floor
ABOVE_THE_LOOP = {"run", "judging"}  # rooms that stand on the training as a stream of facts
ABOVE = {"__main__", "__init__"}  # the two files of the package itself
LEVEL = {floor: level for level, floors in enumerate(FLOORS) for floor in floors}
ONLY_CLI = {"click", "tqdm"}
MAY_HIDE = ("cli/", "__main__.py", "__init__.py", "arrays/blas.py")  # late: for a quick start, and before NumPy loads
LONGEST = 300  # lines

FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = {path: path.relative_to(PACKAGE).as_posix() for path in FILES}
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def each_file(rule: Callable[[Path], None]) -> Callable[[], None]:
    """A test that every file keeps this rule; it names all that do not."""

    def test() -> None:
        broken = []
        for path in FILES:
            try:
                rule(path)
            except AssertionError as error:
                broken.append(f"{NAMES[path]}: {error}")
        assert not broken, "\n".join(broken)

    test.__name__, test.__doc__ = rule.__name__, rule.__doc__
    return test


def module(path: Path) -> str:
    """``nettrain/ops/relu.py`` -> ``nettrain.ops.relu``; a package's ``__init__`` is the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Every module that is imported, wherever in the file; ``from package import file`` means the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            files = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in MODULES]
            yield from ((name, node) for name in files or [base])


def floor(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


@cache  # many rules ask
def names_in(path: Path) -> list[str]:
    return [name for name, _ in imported(TREES[path])]


def ours(path: Path) -> list[str]:
    return [name for name in names_in(path) if name.split(".")[0] == "nettrain"]


@each_file
def test_imports_point_down(path: Path) -> None:
    here = floor(module(path))
    if here in ABOVE:
        return
    for name in set(ours(path)):
        there = floor(name)
        assert there == here or LEVEL[there] > LEVEL[here], f"{NAMES[path]} may not import {name}"


@each_file
def test_the_rooms_of_training_have_a_lowest_and_a_highest_storey(path: Path) -> None:
    """Files on the disk and metrics know nothing of a training, the loop of no run, and no run of what stands on it."""
    here = module(path).split(".")
    if here[1:2] != ["training"]:
        return
    rooms = {name.split(".")[2] for name in set(ours(path)) if name.startswith("nettrain.training.")} - {*here[2:3]}
    assert rooms & HIGHEST_ROOMS == set(), NAMES[path]
    assert here[2:3] != ["loop"] or rooms & ABOVE_THE_LOOP == set(), NAMES[path]
    assert LOWEST_ROOMS.isdisjoint(here[2:3]) or not rooms, f"{NAMES[path]} may not import {sorted(rooms)}"


@each_file
def test_imports_name_files_and_not_packages(path: Path) -> None:
    for name in set(ours(path)):
        assert name in MODULES, f"{NAMES[path]} imports {name}, which is no file"
        assert MODULES[name].name != "__init__.py", f"{NAMES[path]} imports the package {name}"


@each_file
def test_imports_are_absolute(path: Path) -> None:
    assert [name for name in names_in(path) if name.startswith(".")] == []


def test_there_is_no_cycle_between_files() -> None:
    graph = {module(path): [name for name in ours(path) if name in MODULES] for path in FILES}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_folder_is_a_floor() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert folders | files == set(LEVEL) | ABOVE


@each_file
def test_only_the_command_line_knows_its_libraries(path: Path) -> None:
    if not NAMES[path].startswith("cli/"):
        assert {name.split(".")[0] for name in names_in(path)} & ONLY_CLI == set()


@each_file
def test_no_import_is_hidden(path: Path) -> None:
    if NAMES[path].startswith(MAY_HIDE):
        return
    tree = TREES[path]
    functions = [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    ]
    hidden = [name for function in functions for name, _ in imported(function)]
    assert hidden == []
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert not {"__import__", "importlib.import_module", "import_module"} & set(calls)


@each_file
def test_nothing_is_asserted(path: Path) -> None:
    assert [node.lineno for node in ast.walk(TREES[path]) if isinstance(node, ast.Assert)] == []


@each_file
def test_the_first_line_says_what_the_file_is_in_one_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent != PACKAGE:
        assert text == "", "the __init__ of a floor is empty"
        return
    prose = ast.get_docstring(TREES[path])
    assert prose, "no docstring"
    assert text.startswith('"""')
    first = prose.splitlines()[0]
    assert first.endswith("."), first
    assert len(text.splitlines()[0]) <= 120
    assert first[:-1].replace("e.g.", "").count(". ") == 0, f"more than one sentence: {first}"


@each_file
def test_no_file_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{NAMES[path]} has {lines} lines: one idea a file"


def test_imports_are_seen_wherever_they_stand() -> None:
    text = "import a.b\nfrom nettrain.ops import relu\ndef f():\n    from . import c\n    import d as e\n"
    assert [name for name, _ in imported(ast.parse(text))] == ["a.b", "nettrain.ops.relu", ".", "d"]
