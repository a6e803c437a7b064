"""Only ``nettrain download`` opens a connection, in one module; no command starts a program or writes elsewhere."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from audit import heard
from commands import MLP, Ended, after, process, written

import nettrain
from nettrain.cli.env import env
from nettrain.files.whole import write_atomic

PACKAGE = Path(nettrain.__file__).parent
THE_ONE = "data/download/connection.py"
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "http", "httpx", "imaplib", "nntplib", "poplib", "requests", "select", "selectors",
    "smtplib", "socket", "socketserver", "ssl", "telnetlib", "urllib", "urllib3", "webbrowser", "wsgiref", "xmlrpc",
}  # fmt: skip
PROGRAMS = {"multiprocessing", "pty", "subprocess"}
NOT_CALLED = {"os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.startfile"}


def reaches_out(source: str) -> set[str]:
    """What a file imports or calls that could open a connection or start a program."""
    tree = ast.parse(source)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    called = {name for name in calls if name in NOT_CALLED or name.startswith(("os.exec", "os.spawn"))}
    return {name for name in names if name.split(".")[0] in NETWORK | PROGRAMS} | called


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import socket", {"socket"}),
        ("def f():\n    from urllib.request import urlopen", {"urllib.request"}),
        ("import os\nos.system('x')", {"os.system"}),
        ("import os\nos.execv('x', [])", {"os.execv"}),
        ("import os\nos.open('x', 0)", set()),
    ],
)
def test_the_search_finds_what_reaches_out(source: str, found: set[str]) -> None:
    assert reaches_out(source) == found


def test_one_module_opens_connections() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): names
        for path in sorted(PACKAGE.rglob("*.py"))
        if (names := reaches_out(path.read_text(encoding="utf-8")))
    }
    assert set(found) == {THE_ONE}
    assert not found[THE_ONE] & (PROGRAMS | NOT_CALLED)


def test_only_the_download_knows_that_module() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "download.connection" in path.read_text(encoding="utf-8")
        or "download.fetch" in path.read_text(encoding="utf-8")
    }
    assert users == {"data/download/fetch.py", "cli/download.py"}


def test_the_hook_hears_what_is_against_the_rules(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    with heard([inside]) as found:
        write_atomic(inside / "file", b"x")
        (inside / "file").read_bytes()
    assert found == []
    acts: dict[str, Callable[[], object]] = {
        "socket.__new__": lambda: socket.socket().close(),
        "subprocess.Popen": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "open": lambda: write_atomic(outside / "file", b"x"),
        "os.mkdir": lambda: (outside / "folder").mkdir(),
        "os.rename": lambda: os.rename(inside / "file", outside / "moved"),
    }
    for event, act in acts.items():
        with heard([inside]) as found:
            act()
        assert found[0].startswith(event), event


HEAR = """
import atexit, sys
sys.path.insert(0, {tests!r})
from audit import heard
listening = heard([{run!r}, {cache!r}])
found = listening.__enter__()
atexit.register(lambda: print("\\n".join(["heard:", *found]), file=sys.stderr))"""


@pytest.mark.parametrize("command", ["fit", "resume", "evaluate", "predict", "check", "env"])
def test_a_command_writes_into_its_run_and_the_cache_and_nowhere_else(
    tmp_path: Path, small: Path, finished: Path, command: str
) -> None:
    run, cache = tmp_path / "run", tmp_path / "cache"
    config = written(tmp_path, "a.yaml", MLP.format(data=small))
    if command in ("resume", "evaluate"):
        assert process("fit", config, "--run-dir", run).code == 0
    picture = next((small / "test/3").iterdir())
    arguments: dict[str, tuple[str | Path, ...]] = {
        "fit": (config, "--run-dir", run, "--set", "data.cache=disk"),
        "resume": (run, "--epochs", "3"),
        "evaluate": (run, "--split", "val"),
        "predict": (picture, "--model", finished),
        "check": (config, "--set", "data.cache=disk"),
        "env": (),
    }
    hear = HEAR.format(tests=str(Path(__file__).parent), run=str(run), cache=str(cache))
    made = process(command, *arguments[command], program=after(hear), NETTRAIN_CACHE=str(cache))
    assert made.code == 0, made.err
    assert made.err.endswith("heard:\n")


def test_every_command_that_a_test_calls_is_listened_to(
    call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env, "callback", lambda **_: socket.socket().close())
    with pytest.raises(AssertionError, match="socket"):
        call("env")
