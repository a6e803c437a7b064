"""Paths: relative to a folder, literal, and the same after being written and read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettrain.config.paths import BadPath, absolute, written

READ = {
    "x": "/base/x",
    "../x": "/x",
    "../../../x": "/x",
    "./x/./y//z/": "/base/x/y/z",
    "/x/../y": "/y",
    "/": "/",
    ".": "/base",
    "./~x": "/base/~x",
    "a~": "/base/a~",
    "./$x/y": "/base/$x/y",
    "cost$": "/base/cost$",
    "a b/é": "/base/a b/é",
}


@pytest.mark.parametrize("text", READ)
def test_a_path_is_made_absolute(text):
    assert absolute(text, "/base") == READ[text]


REFUSED = {
    "": "expected a path, got ''",
    "~": "'~' is not expanded, got '~'; write the folder out",
    "~/x": "'~' is not expanded, got '~/x'; write the folder out",
    "~me/x": "'~' is not expanded, got '~me/x'; write the folder out",
    "$HOME/x": "'$HOME' is not expanded, got '$HOME/x'; write the folder out",
    "/data/$USER": "'$USER' is not expanded, got '/data/$USER'; write the folder out",
    "${HOME}/x": "'${...}' is not expanded, got '${HOME}/x'; write the folder out",
    "a\0b": "a path cannot hold a NUL, got 'a\\x00b'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_path_that_would_need_expanding_is_refused(text):
    with pytest.raises(BadPath) as caught:
        absolute(text, "/base")
    assert str(caught.value) == REFUSED[text]


def test_going_up_from_a_link_goes_where_it_leads(tmp_path):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/deep")
    assert absolute("link/../x", str(tmp_path)) == str(tmp_path / "far" / "x")
    assert absolute("link/x", str(tmp_path)) == str(tmp_path / "link" / "x")


@given(st.text(st.sampled_from("ab/.~$ {}é\udcff"), min_size=1))
def test_an_absolute_path_reads_back(text):
    path = absolute("/" + "/".join(f"./{part}" for part in text.split("/")), "/")
    assert absolute(written(path), "/elsewhere") == path
