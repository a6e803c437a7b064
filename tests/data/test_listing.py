"""Folders as people have them: what is listed, what is passed over, what is an error, in whole messages."""

from __future__ import annotations

import os

import pytest
from data.samples import folder

from nettrain.data.listing import list_folder
from nettrain.errors import DataError, ExitCode

LAYOUT = "expected one folder of pictures per class, such as {}/cat/1.png"


def touch(root, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def lines(root, **settings) -> list[str]:
    with pytest.raises(DataError) as caught:
        list_folder(root, **settings)
    assert caught.value.code == ExitCode.DATA
    return [line.removeprefix("nettrain: error: ") for line in caught.value.lines()]


def test_classes_and_files_are_in_code_point_order(tmp_path):
    touch(tmp_path, "b/2.png", "b/10.PNG", "B-side/x.jpg", "a b/1.webp", "a/deep/er/1.gif", "a/z.bmp", "é/1.png")
    listing = list_folder(tmp_path)
    assert listing.classes == ("B-side", "a", "a b", "b", "é")
    assert listing.files == (
        "B-side/x.jpg",
        "a b/1.webp",
        "a/deep/er/1.gif",
        "a/z.bmp",
        "b/10.PNG",
        "b/2.png",
        "é/1.png",
    )
    assert [listing.classes[label] for label in listing.labels] == ["B-side", "a b", "a", "a", "b", "b", "é"]
    assert str(listing.ignored) == ""


def test_what_is_passed_over_is_counted(tmp_path):
    folder(tmp_path, {"a": 2, "b": 2})
    touch(tmp_path, ".DS_Store", "a/.DS_Store", "a/Thumbs.db", "__MACOSX/a/x.png", ".ipynb_checkpoints/x.png")
    touch(tmp_path, "b/one.pdf", "b/two.PDF", "notes.txt", "a/README", "b/.hidden/x.png")
    listing = list_folder(tmp_path)
    assert listing.classes == ("a", "b")
    assert len(listing.files) == 4
    assert str(listing.ignored) == (
        "ignored 6 hidden or system entries, 1 file without suffix, 2 files '.pdf', 1 file '.txt'"
    )


def test_a_root_that_is_no_folder(tmp_path):
    missing, file, empty = tmp_path / "missing", tmp_path / "file", tmp_path / "empty"
    file.write_text("x")
    empty.mkdir()
    assert lines(missing) == [f"{missing}: no such folder; {LAYOUT.format(missing)}"]
    assert lines(file) == [f"{file}: is not a folder; {LAYOUT.format(file)}"]
    assert lines(empty) == [f"{empty}: holds no class folders; {LAYOUT.format(empty)}"]


def test_pictures_in_the_root_show_the_layout_expected(tmp_path):
    touch(tmp_path, "1.png", "2.jpg")
    layout = LAYOUT.format(tmp_path)
    assert lines(tmp_path) == [f"{tmp_path}: 2 pictures lie in the folder itself, such as '1.png'; {layout}"]


def test_one_folder_of_class_folders_is_named(tmp_path):
    touch(tmp_path, "pets/cat/1.png", "pets/dog/1.png")
    below = f"if the classes are the folders in it, name {tmp_path}/pets"
    assert lines(tmp_path) == [f"{tmp_path}: holds only one class, 'pets'; expected at least 2; {below}"]
    touch(tmp_path, "pets/3.png")
    assert lines(tmp_path) == [f"{tmp_path}: holds only one class, 'pets'; expected at least 2"]


def test_one_class_and_empty_classes(tmp_path):
    touch(tmp_path, "cat/1.png")
    assert lines(tmp_path) == [f"{tmp_path}: holds only one class, 'cat'; expected at least 2"]
    assert list_folder(tmp_path, least_classes=1).classes == ("cat",)
    touch(tmp_path, "dog/x.txt", "emu/.x.png")
    empty = "this class folder holds no picture; add some, or remove it"
    assert lines(tmp_path) == [f"{tmp_path}/dog: {empty}", f"{tmp_path}/emu: {empty}"]


@pytest.mark.parametrize("name", ["two words", "🐱", "قط", "-rf", "n" * 255, "a\u200db", "%41", "'", '"', "a,b"])
def test_class_names_that_are_odd_but_fine(tmp_path, name):
    folder(tmp_path, {"a": 1, name: 1})
    assert list_folder(tmp_path).classes == tuple(sorted(["a", name]))


@pytest.mark.parametrize(("name", "shown"), [("a\nb", "a\\nb"), ("a\x1b[1m", "a\\x1b[1m"), ("a\u2028b", "a\\u2028b")])
def test_class_names_that_would_break_a_line_are_refused(tmp_path, name, shown):
    folder(tmp_path, {"a": 1, name: 1})
    assert lines(tmp_path) == [
        f"{tmp_path}/{shown}: the name of a class must not have control characters or line breaks"
    ]


def test_twins_are_named(tmp_path):
    folder(tmp_path, {"caf\u00e9": 1, "cafe\u0301": 1, "Dog": 1, "dog": 1})
    assert lines(tmp_path) == [
        f"{tmp_path}: the class folders 'cafe\\u0301' and 'caf\\xe9' differ only in Unicode form; merge or rename one",
        f"{tmp_path}: the class folders 'Dog' and 'dog' differ only in case; merge or rename one",
    ]


def test_a_decomposed_name_is_composed(tmp_path):
    folder(tmp_path, {"cafe\u0301": 1, "tea": 1})
    listing = list_folder(tmp_path)
    assert listing.classes == ("caf\u00e9", "tea")
    assert listing.files[0] == "cafe\u0301/000.png"


def test_names_that_are_not_utf_8(tmp_path):
    folder(tmp_path, {"a": 1, "b": 1})
    with open(os.fsencode(tmp_path) + b"/a/\xff.png", "wb"):
        pass
    assert list_folder(tmp_path).files == ("a/000.png", "a/\udcff.png", "b/000.png")
    os.mkdir(os.fsencode(tmp_path) + b"/\xe9")
    with open(os.fsencode(tmp_path) + b"/\xe9/1.png", "wb"):
        pass
    assert lines(tmp_path) == [f"{tmp_path}/\\udce9: the name of a class must be UTF-8"]


def test_links_are_followed_even_out_of_the_root(tmp_path):
    store = folder(tmp_path / "store", {"x": 2})
    root = folder(tmp_path / "root", {"a": 1})
    (root / "b").symlink_to(store / "x")
    (root / "a" / "link.png").symlink_to(store / "x" / "000.png")
    (root / "a" / "lost.png").symlink_to(store / "none.png")
    (root / "a" / "self.png").symlink_to(root / "a" / "self.png")
    files = ("a/000.png", "a/link.png", "a/lost.png", "a/self.png", "b/000.png", "b/001.png")
    assert list_folder(root).files == files


def test_a_link_back_up_is_an_error(tmp_path):
    root = folder(tmp_path / "root", {"a": 1, "b": 1})
    (root / "a" / "deep").mkdir()
    (root / "a" / "deep" / "up").symlink_to(root / "a")
    assert lines(root) == [f"{root}/a/deep/up: a link that leads back to a folder it lies in; remove it"]


def test_a_folder_that_cannot_be_listed(tmp_path):
    root = folder(tmp_path / "root", {"a": 1, "b": 1})
    (root / "b").chmod(0)
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(above.stat().st_mode | 0o055)
    me = os.geteuid()
    try:
        if me == 0:
            os.seteuid(65534)
        assert lines(root) == [f"{root}/b: cannot list the folder: Permission denied"]
    finally:
        os.seteuid(me)
        (root / "b").chmod(0o755)


def test_every_fault_is_reported_at_once(tmp_path):
    touch(tmp_path, "a\tb/x.txt", "A/1.png", "a/1.png")
    assert len(lines(tmp_path)) == 3


def test_listing_reads_no_picture(tmp_path):
    touch(tmp_path, "a/1.png", "b/1.png")
    for name in "ab":
        (tmp_path / name / "1.png").chmod(0)
        os.mkfifo(tmp_path / name / "pipe.png")
    assert len(list_folder(tmp_path).files) == 4
