"""Layouts as people pack them: what is wrong with a folder is wrong with it in an archive, in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest
from data.archives.packing import ENDINGS, packed
from data.samples import noise, png_of
from data.sources.making import put

from nettrain.data.sources.table import list_source
from nettrain.errors import DataError

PNG = png_of(noise(4, 4, 1))
LAYOUT = "expected one folder of pictures per class, such as {root}/cat/1.png"
EMPTY = "this class folder holds no picture; add some, or remove it"
WRONG = {
    "pictures in the root": (
        ("1.png", "2.jpg"),
        "{root}: 2 pictures lie in the folder itself, such as '1.png'; " + LAYOUT,
    ),
    "one class": (("cat/1.png",), "{root}: holds only one class, 'cat'; expected at least 2"),
    "classes of other files": (
        ("cat/1.png", "dog/x.txt", "emu/y.pdf", "fox/1.png"),
        f"{{root}}/dog: {EMPTY}\n{{root}}/emu: {EMPTY}",
    ),
    "classes of hidden files": (
        ("cat/1.png", "dog/.1.png", "emu/__MACOSX/1.png", "fox/1.png"),
        f"{{root}}/dog: {EMPTY}\n{{root}}/emu: {EMPTY}",
    ),
    "no classes": (("notes.txt", ".DS_Store"), "{root}: holds no class folders; " + LAYOUT),
    "ESC": (
        ("a/1.png", "a\x1b[1m/1.png"),
        r"{root}/a\x1b[1m: the name of a class must not have control characters or line breaks",
    ),
    "a line break": (
        ("a/1.png", "a\nb/1.png"),
        r"{root}/a\nb: the name of a class must not have control characters or line breaks",
    ),
    "twins by form": (
        ("caf\u00e9/1.png", "cafe\u0301/1.png"),
        r"{root}: the class folders 'cafe\u0301' and 'caf\xe9' differ only in Unicode form; merge or rename one",
    ),
    "twins by case": (
        ("Dog/1.png", "dog/1.png"),
        "{root}: the class folders 'Dog' and 'dog' differ only in case; merge or rename one",
    ),
    "not UTF-8": (("a/1.png", "\udce9/1.png"), r"{root}/\udce9: the name of a class must be UTF-8"),
}


@pytest.mark.parametrize("ending", ["", *ENDINGS])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_layout_is_said_in_the_same_words(tmp_path: Path, name: str, ending: str) -> None:
    files, lines = WRONG[name]
    if name == "not UTF-8" and ending == ".zip":
        pytest.skip("a name in a zip is UTF-8, or of code page 437, which has a letter for each byte")
    contents = dict.fromkeys(files, PNG)
    root = packed(tmp_path / f"data{ending}", contents) if ending else put(tmp_path / "data", contents)
    with pytest.raises(DataError) as caught:
        list_source(root)
    said = [line.removeprefix("nettrain: error: ") for line in caught.value.lines()]
    assert said == lines.format(root=root).splitlines()


FINE = ("two words", "🐱", "قط", "-rf", "n" * 255, "a\u200db", "%41", "'", '"', "a,b", "no", "007", "cafe\u0301")


@pytest.mark.parametrize("ending", ["", *ENDINGS])
def test_names_that_are_odd_but_fine_and_what_is_passed_over(tmp_path: Path, ending: str) -> None:
    files = [f"{name}/{file}" for name in FINE for file in ("1.png", "-.PNG", "\u202eb.png", "a\x1b[2J.png")]
    files += [
        ".DS_Store",
        "__MACOSX/no/._1.png",
        "no/Thumbs.db",
        "no/.ipynb_checkpoints/1.png",
        "no/a.pdf",
        "007/b.pdf",
    ]
    contents = dict.fromkeys(files, PNG)
    found = list_source(packed(tmp_path / f"data{ending}", contents) if ending else put(tmp_path / "data", contents))
    assert found.classes == tuple(sorted([*FINE[:-1], "caf\u00e9"]))
    assert len(found.files) == 4 * len(FINE)
    assert str(found.ignored) == "ignored 4 hidden or system entries, 2 files '.pdf'"
    assert found.reader.read(found.files[0], 1 << 20).data == PNG
