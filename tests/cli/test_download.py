"""``nettrain download``: lines, exit codes, Ctrl-C, kill and full disks, from a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Ended, after, printable, process
from faults import disks
from loopback import Server

from nettrain.cli.main import run
from nettrain.data.download.sets import SETS

NAMES = [file.name for file in SETS["mnist"].files]
SLOW = "slow-200"  # takes 10 seconds for a file


def idx(*sides: int, fill: str) -> bytes:
    """A file of the IDX format with noise in it: a stand-in for one that is too large for a test."""
    count = 1
    for side in sides:
        count *= side
    body = hashlib.shake_256(fill.encode()).digest(count)
    if len(sides) == 1:
        body = bytes(number % 10 for number in range(count))
    head = bytes([0, 0, 8, len(sides)]) + b"".join(side.to_bytes(4, "big") for side in sides)
    return gzip.compress(head + body, mtime=0)


FILES = {
    NAMES[0]: idx(40, 28, 28, fill="train"),
    NAMES[1]: idx(40, fill=""),
    NAMES[2]: idx(20, 28, 28, fill="test"),
    NAMES[3]: idx(20, fill=""),
}
ROWS = [f"Remote({name!r}, {len(data)}, {hashlib.sha256(data).hexdigest()!r})" for name, data in FILES.items()]
SMALL = f"""
from nettrain.data.download import fetch, sets
from nettrain.data.download.sets import DataSet, Remote
fetch.PAUSES = (0.01,) * 3
sets.SETS["mnist"] = DataSet("digits", "https://example.com/", ("https://never.invalid/",), ({", ".join(ROWS)}))
"""  # the set's own files, but small


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    with Server(folder) as running:
        yield running


def download(server: Server, way: str, *more: str, cwd: Path, before: str = SMALL) -> Ended:
    """``nettrain download mnist --output D`` from the server, in a process of its own."""
    arguments = ("download", "mnist", "--output", "D", "--from", f"{server.address}/{way}", *more)
    return process(*arguments, cwd=cwd, program=after(before))


def whole(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def test_the_example_of_the_help_and_its_lines(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(["download", "--help"])
    (example,) = re.findall(r"nettrain download mnist .*", capsys.readouterr().out)
    _, *arguments = shlex.split(example)
    ended = process(*arguments, "--from", f"{server.address}/whole", cwd=tmp_path, program=after(SMALL))
    wrote = [f"nettrain: wrote data/mnist/{name}" for name in NAMES]
    last = "nettrain: mnist is complete in data/mnist"
    assert ended == Ended(0, "", "".join(f"{line}\n" for line in [*wrote, last]))
    whole(tmp_path / "data/mnist")
    ended = process(*arguments, "--from", f"{server.address}/missing", cwd=tmp_path, program=after(SMALL))
    there = [f"nettrain: data/mnist/{name} is there already" for name in NAMES]
    assert ended == Ended(0, "", "".join(f"{line}\n" for line in [*there, last]))


def test_the_list_names_every_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["download", "--list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "size", "what", "it", "is", "page"]
    assert [row.split()[0] for row in rows] == list(SETS)
    assert rows[2].split()[1:3] == ["170", "MB"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("mnit", "-o", "D"), r"invalid value for '\{mnist\|fashion-mnist\|cifar10\}': 'mnit' is not one of .*"),
        (("mnist",), "missing option '--output' / '-o'"),
        (
            ("mnist", "-o", "D", "--from", "http://example.com/"),
            r"--from: expected https://\.\.\., or http:// on this very machine \(127\.0\.0\.1\), "
            "got 'http://example.com/'",
        ),
        (("mnist", "-o", "D", "--timeout", "nan"), "--timeout: expected a number of seconds, got nan"),
    ],
)
def test_what_cannot_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["download", *arguments]) == 2
    said = capsys.readouterr()
    assert re.fullmatch(rf"nettrain: error: {line}; see 'nettrain download --help'\n", said.err), said.err
    assert list(tmp_path.iterdir()) == []


def test_setbacks_are_notes(server: Server, tmp_path: Path) -> None:
    ended = download(server, "once-9000", cwd=tmp_path)
    address, size = f"{server.address}/once-9000/{NAMES[0]}", len(FILES[NAMES[0]])
    first, second, *_ = ended.err.splitlines()
    assert first == (f"nettrain: note: {address}: broke off after 9,000 of {size:,} bytes; asks again in 0.01 s")
    assert second == f"D/{NAMES[0]}.partial: goes on from 0.0 MB of 0.0 MB"
    assert ended.code == 0
    whole(tmp_path / "D")


@pytest.mark.parametrize(("way", "code"), [("missing", 5), ("other", 3), ("elsewhere", 5)])
def test_a_failure_is_one_line_and_leaves_nothing(server: Server, tmp_path: Path, way: str, code: int) -> None:
    ended = download(server, way, cwd=tmp_path)
    assert (ended.code, ended.out) == (code, "")
    (line,) = ended.err.splitlines()
    assert line.startswith(f"nettrain: error: {server.address}/{way}/{NAMES[0]}: ")
    assert list((tmp_path / "D").iterdir()) == []


def begun(server: Server, folder: Path, *program: str, **settings) -> subprocess.Popen:
    """A download that takes long, when the first bytes of it have come."""
    arguments = ["download", "mnist", "--output", "D", "--from", f"{server.address}/{SLOW}"]
    child = subprocess.Popen([*program, *after(SMALL), *arguments], cwd=folder, stderr=subprocess.PIPE, **settings)
    partial = folder / "D" / f"{NAMES[0]}.partial"
    for _ in range(600):
        if partial.exists() and partial.stat().st_size:
            return child
        time.sleep(0.05)
    child.kill()
    raise AssertionError("nothing came")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            signal.SIGINT,
            "nettrain: stopped by SIGINT; what has come is kept, and the same command goes on from there\n",
        ),
        (signal.SIGTERM, ""),
        (signal.SIGKILL, ""),
    ],
)
def test_what_was_there_when_it_was_stopped_is_gone_on_with(
    server: Server, tmp_path: Path, number: int, said: str
) -> None:
    child = begun(server, tmp_path)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err.decode()) == (-number, said)
    kept = (tmp_path / "D" / f"{NAMES[0]}.partial").stat().st_size
    assert 0 < kept < len(FILES[NAMES[0]])
    server.asked()
    ended = download(server, "whole", cwd=tmp_path)
    assert ended.code == 0
    assert server.asked()[0]["Range"] == f"bytes={kept}-"
    whole(tmp_path / "D")


def test_a_bar_on_a_terminal(server: Server, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 120))
    arguments = ["download", "mnist", "--output", "D", "--from", f"{server.address}/slow-20"]
    child = subprocess.Popen([*after(SMALL), *arguments], cwd=tmp_path, stderr=follower, stdout=subprocess.PIPE)
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    child.communicate(timeout=30)
    os.close(leader)
    assert child.returncode == 0
    assert f"D/{NAMES[0]}.partial: " in shown.decode()
    assert "B/s" in shown.decode()
    whole(tmp_path / "D")


def test_no_control_bytes_elsewhere(server: Server, tmp_path: Path) -> None:
    ended = process(
        "download", "mnist", "-o", "D\x1b[2J", "--from", f"{server.address}/once-5000", cwd=tmp_path,
        program=after(SMALL),
    )  # fmt: skip
    assert ended.code == 0
    assert printable(ended.err)
    assert ended.err.endswith("nettrain: mnist is complete in D\\x1b[2J\n")


def test_a_disk_that_fills_up(server: Server, tmp_path: Path) -> None:
    full = """
import errno
from nettrain.files import system
write, taken = system.write, []
def filling(handle, data):
    taken.append(len(data))
    if sum(taken) > 9000:
        raise OSError(errno.ENOSPC, "full")
    return write(handle, data)
system.write = filling"""
    ended = download(server, "slow-20", cwd=tmp_path, before=SMALL + full)
    partial = f"D/{NAMES[0]}.partial"
    reason = "cannot write: the disk is full; free some space and try again"
    assert ended == Ended(5, "", f"nettrain: error: {partial}: {reason}\n")
    kept = (tmp_path / partial).stat().st_size
    assert 0 < kept <= 9000
    server.asked()
    assert download(server, "whole", cwd=tmp_path).code == 0
    assert server.asked()[0]["Range"] == f"bytes={kept}-"
    whole(tmp_path / "D")


SMALL_DISK = """
set -e
mount -t tmpfs -o size=64k none D
nettrain() {{ {python} -c {program} download mnist -o D --from "$1"; }}
nettrain {address}/slow-40 & download=$!
until [ -s D/{name}.partial ]; do sleep 0.02; done
cat /dev/zero > D/filler 2> /dev/null || true
code=0; wait $download || code=$?
echo $code $(stat -c %s D/{name}.partial)
rm D/filler
nettrain {address}/whole
cd D; sha256sum *"""


def test_a_small_disk_that_another_program_fills(server: Server, tmp_path: Path) -> None:
    if reason := disks.missing():
        pytest.skip(reason)
    (tmp_path / "D").mkdir()
    python, _, program = after(SMALL)
    line = SMALL_DISK.format(
        python=shlex.quote(python), program=shlex.quote(program), address=server.address, name=NAMES[0]
    )
    ended = process(line, cwd=tmp_path, program=("unshare", "-m", "bash", "-c"))
    assert ended.code == 0, ended.err
    stopped, *sums = ended.out.splitlines()
    code, kept = map(int, stopped.split())
    assert (code, kept % 4096) == (5, 0)  # tmpfs gives room by the page
    assert 0 < kept < len(FILES[NAMES[0]])
    error, resumed, *_ = ended.err.splitlines()
    reason = "cannot write: the disk is full; free some space and try again"
    assert error == f"nettrain: error: D/{NAMES[0]}.partial: {reason}"
    assert resumed.startswith(f"D/{NAMES[0]}.partial: goes on from 0.0 MB of ")
    assert sums == [f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}" for name in sorted(NAMES)]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl program for a certificate")
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-keyout", "key.pem", "-out", "cert.pem"]  # fmt: skip
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True)
    program = """
import http.server, ssl
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()"""
    child = subprocess.Popen(
        [after("")[0], "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert child.stdout is not None
        address = f"https://127.0.0.1:{int(child.stdout.readline())}"
        ended = process("download", "mnist", "-o", "D", "--from", address, cwd=tmp_path, program=after(SMALL))
    finally:
        child.kill()
        child.communicate()
    assert ended.code == 5
    line = rf"nettrain: error: {address}/{NAMES[0]}: its certificate is not trusted: self[- ]signed certificate; .*\n"
    assert re.fullmatch(line, ended.err), ended.err
