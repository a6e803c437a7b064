"""Only nettrain/files/ may change the disk: a search of every other floor for calls that could."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import nettrain

PACKAGE = Path(nettrain.__file__).parent
READ_ONLY = {"shutil.get_terminal_size", "shutil.disk_usage", "shutil.which"}
OS_WRITES = {
    "chmod", "chown", "creat", "fdopen", "ftruncate", "link", "makedirs", "mkdir", "mkfifo", "mknod", "remove",
    "removedirs", "rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "utime",
}  # fmt: skip
OPEN_FLAGS = {"os.O_WRONLY", "os.O_RDWR", "os.O_CREAT", "os.O_TRUNC", "os.O_APPEND"}
METHODS = {
    "write_text", "write_bytes", "unlink", "mkdir", "rmdir", "rename", "touch", "symlink_to", "hardlink_to", "chmod",
    "tofile", "memmap", "savez", "savez_compressed", "savetxt", "save_file", "dump_to_file",
}  # fmt: skip


def ours(tree: ast.Module) -> set[str]:
    """Names that stand for modules of ours, and for buffers in memory: both may ``save``."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nettrain")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and "BytesIO" in ast.unparse(node.value.func)
        ):
            names |= {ast.unparse(target) for target in node.targets}
        if isinstance(node, ast.withitem) and "BytesIO" in ast.unparse(node.context_expr) and node.optional_vars:
            names.add(ast.unparse(node.optional_vars))
    return names


def writes(source: str) -> list[str]:
    """The calls in a file that could change the disk."""
    tree = ast.parse(source)
    known = ours(tree)
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_write(node, known)]
    null = {flag for node in ast.walk(tree) if is_null(node) for flag in ast.walk(node)}
    flags = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node not in null]
    return calls + [flag for flag in flags if flag in OPEN_FLAGS]


def is_null(node: ast.AST) -> bool:
    """``os.open(os.devnull, ...)``: nothing is written there."""
    return isinstance(node, ast.Call) and ast.unparse(node).startswith("os.open(os.devnull, ")


def is_write(call: ast.Call, known: set[str]) -> bool:
    name = ast.unparse(call.func)
    base, _, method = name.rpartition(".")
    arguments = [ast.unparse(argument) for argument in call.args]
    if base == "shutil" or base == "tempfile":
        return name not in READ_ONLY
    if base == "os":
        return method in OS_WRITES
    if method == "open":
        modes = [argument.value for argument in call.args[:2] if isinstance(argument, ast.Constant)]
        modes += [ast.literal_eval(word.value) for word in call.keywords if word.arg == "mode"]
        computed = not base and len(call.args) > 1 and not isinstance(call.args[1], ast.Constant)
        return computed or any(set(str(mode)) <= set("rwaxbt+U") and set(str(mode)) & set("wax+") for mode in modes)
    if method == "save":
        return bool(arguments) and base not in known and arguments[0] not in known
    if method == "replace":  # Path.replace takes one argument, str.replace two or more
        return bool(base) and base not in {"dataclasses", "copy"} and len(arguments) == 1 and not call.keywords
    return bool(base) and method in METHODS


FORBIDDEN = [
    "open(path, 'w')", "open(path, mode='a')", "open(path, 'r+b')", "open(path, mode)",
    "path.open('x')", "gzip.open(p, 'w')",
    "os.replace(a, b)", "os.rename(a, b)", "os.remove(a)",
    "os.unlink(a)", "os.mkdir(a)", "os.makedirs(a)", "os.O_RDWR",
    "shutil.rmtree(a)", "tempfile.mkdtemp()", "path.write_text(a)", "path.write_bytes(a)", "path.unlink()",
    "path.mkdir()", "path.rename(a)", "path.replace(a)", "path.touch()", "image.save(path)", "image.save(path, 'PNG')",
    "np.save(a, b)",
]  # fmt: skip
ALLOWED = [
    "open(path)", "open(path, 'rb')", "open(path, encoding='utf-8')", "Image.open('a.png')", "os.open(a, os.O_RDONLY)",
    "os.open(os.devnull, os.O_WRONLY)",
    "text.replace('a', 'b')",
    "dataclasses.replace(a, b=1)", "shutil.get_terminal_size()", "files.write_atomic(a, b)", "os.stat(a)",
    "from nettrain.training.store import checkpoint\ncheckpoint.save(a, b, c)",
    "b = io.BytesIO()\nimage.save(b, 'PNG')",
]  # fmt: skip


@pytest.mark.parametrize("source", FORBIDDEN)
def test_the_search_finds_writes(source: str) -> None:
    assert writes(source) == [source]


@pytest.mark.parametrize("source", ALLOWED)
def test_the_search_lets_reading_pass(source: str) -> None:
    assert writes(source) == []


def test_only_the_floor_of_files_writes() -> None:
    found = {
        str(path.relative_to(PACKAGE)): calls
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != PACKAGE / "files" and (calls := writes(path.read_text(encoding="utf-8")))
    }
    assert found == {}
