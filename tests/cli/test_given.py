"""Paths that a command line gives: the column of a CSV on stdin, whatever stands in for stdin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import process

from nettrain.cli.given import column_of

LIST = b'\xef\xbb\xbffile,note\r\na.png,"two\nlines"\r\n\r\n\xff.png,\r\n'
PATHS = ["a.png", os.fsdecode(b"\xff.png")]


def test_a_csv_on_the_stdin_of_clicks_runner() -> None:
    with CliRunner().isolation(input=LIST):
        assert list(column_of("-", "file")) == PATHS
        assert sys.stdin.buffer.read() == b""  # at its end, and still open


def test_a_reader_that_has_enough_leaves_stdin_open() -> None:
    with CliRunner().isolation(input=LIST):
        paths = column_of("-", "file")
        assert next(paths) == PATHS[0]
        del paths
        assert not sys.stdin.buffer.closed


@pytest.mark.parametrize("source", ["a pipe", "a file"])
def test_a_csv_on_the_stdin_of_a_process(tmp_path: Path, source: str) -> None:
    (tmp_path / "list.csv").write_bytes(LIST)
    program = "import sys; from nettrain.cli.given import column_of; print(ascii(list(column_of('-', 'file'))))"
    redirected = "cat list.csv |" if source == "a pipe" else "< list.csv"
    ended = process(f'{redirected} "{sys.executable}" -c "{program}"', cwd=tmp_path, program=("bash", "-c"))
    assert (ended.code, ended.out, ended.err) == (0, f"{PATHS!a}\n", "")
