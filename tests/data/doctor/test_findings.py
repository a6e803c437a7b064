"""Every kind of finding: planted once it is found once, with its words and nothing beside; a clean folder has none."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from commands import DIGITS, tree
from data.doctor.planted import PLANTS, clean, look, write_manifest
from data.samples import scene
from PIL import Image

from nettrain.data.config import Fold, SetAside
from nettrain.data.doctor.finding import Severity
from nettrain.data.doctor.table import FINDINGS

MANIFEST = ("changed", "missing", "added")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return clean(tmp_path / "data")


def test_a_clean_folder_has_no_finding(root: Path) -> None:
    assert look(root)[1] == []


@pytest.mark.parametrize("folder", [DIGITS, DIGITS / "train", DIGITS / "test"])
def test_the_digits_have_no_finding(folder: Path) -> None:
    case, found = look(folder)
    assert (len(case.material) > 300, found) == (True, [])


@pytest.mark.parametrize("kind", PLANTS)
def test_a_fault_is_found_once_and_nothing_beside_it(root: Path, tmp_path: Path, kind: str) -> None:
    planted = PLANTS[kind]
    manifest = write_manifest(root, tmp_path / "m.csv") if kind in MANIFEST else None
    planted.plant(root)
    before = tree(root, times=True)
    _, found = look(root, manifest)
    assert sorted(one.name for one in found) == sorted((kind, *planted.beside))
    assert next(one for one in found if one.name == kind).seen.message.startswith(planted.message)
    assert tree(root, times=True) == before


def test_every_kind_is_planted() -> None:
    assert set(PLANTS) == set(FINDINGS)


def test_the_table_begins_with_the_gravest() -> None:
    grave = [kind.severity for kind in FINDINGS.values()]
    assert grave == sorted(grave)
    assert set(grave) == set(Severity)


NINE = (
    "unreadable", "cut-off", "leak", "empty-folder", "near-two-classes", "duplicate", "constant", "hidden", "turned",
)  # fmt: skip


def test_nine_planted_faults_are_nine_findings(tmp_path: Path) -> None:
    """In one folder, with pictures of their own, so that each is one fault and no other."""
    root = clean(tmp_path / "data", 12, 6)
    own = {
        "leak": lambda: shutil.copy(root / "train/cat/2.png", root / "test/cat/leak.png"),
        "near-two-classes": lambda: again(root / "train/cat/3.png", root / "train/dog/both.jpg"),
        "duplicate": lambda: shutil.copy(root / "train/cat/4.png", root / "train/cat/copy.png"),
    }
    for kind in NINE:
        own.get(kind, lambda kind=kind: PLANTS[kind].plant(root))()
    _, found = look(root)
    assert sorted(one.name for one in found) == sorted(NINE)


def again(source: Path, target: Path) -> None:
    with Image.open(source) as picture:
        picture.resize((80, 80)).resize((40, 40)).save(target, quality=80)


def test_a_copy_that_is_set_aside_is_a_leak(tmp_path: Path) -> None:
    """The commonest one: the folder has no split yet, and chance puts one copy on each side."""
    root = clean(tmp_path / "data") / "train"
    for place in range(6):
        shutil.copy(root / f"cat/{place}.png", root / f"cat/{place}-copy.png")
    assert {one.name for one in look(root)[1]} == {"duplicate"}
    _, found = look(root, val=SetAside("train", 0.3))
    assert {one.name for one in found} == {"duplicate", "leak"}
    assert sum(one.name == "leak" for one in found) >= 1
    folds = [{one.name for one in look(root, val=Fold(fold, 3))[1]} for fold in (1, 2, 3)]
    assert {"duplicate", "leak"} in folds


def test_ids_hang_on_names_alone(root: Path, tmp_path: Path) -> None:
    for kind in ("unreadable", "leak", "layouts"):
        PLANTS[kind].plant(root)
    ids = {one.id for one in look(root)[1]}
    moved = shutil.copytree(root, tmp_path / "elsewhere/other name")
    assert {one.id for one in look(moved)[1]} == ids
    assert {one.id for one in look(Path(os.path.relpath(moved)))[1]} == ids
    assert len(ids) == 3
    (root / "train/cat/9.png").write_bytes(b"y")
    assert ids < {one.id for one in look(root)[1]}


def test_no_two_findings_share_an_id(root: Path, tmp_path: Path) -> None:
    """With nearly every fault at once, those of other kinds among the pictures that this one is about."""
    manifest = write_manifest(root, tmp_path / "m.csv")
    for kind in PLANTS:
        if kind not in ("missing", "refused"):
            PLANTS[kind].plant(root)
    PLANTS["missing"].plant(root)
    found = look(root, manifest)[1]
    assert len({one.name for one in found}) > 20
    assert len({one.id for one in found}) == len(found)


def test_what_fit_refuses_has_an_id_by_what_it_says_and_where(root: Path, tmp_path: Path) -> None:
    for seed, path in enumerate(("train/a\tb", "train/a\nb", "test/a\tb", "test/a\nb"), start=500):
        (root / path).mkdir()
        scene(seed).save(root / path / "x.png")
    found = [one for one in look(root)[1] if one.name == "refused"]
    assert len({one.id for one in found}) == len(found) >= 2
    moved = look(root.rename(tmp_path / "elsewhere"))[1]
    assert {one.id for one in moved} >= {one.id for one in found}


def test_ids_are_those_of_every_release(root: Path) -> None:
    """The first digits of what ``printf 'leak\\0test/cat/leak.png\\0train/cat/1.png' | sha256sum`` prints."""
    PLANTS["unreadable"].plant(root)
    PLANTS["leak"].plant(root)
    assert [one.id for one in look(root)[1]] == [
        "unreadable-97a1bcd14b92",
        "leak-16d3b436ae68",
    ]


def test_an_id_does_not_hang_on_the_form_of_a_name(root: Path) -> None:
    ids = []
    for form in ("NFC", "NFD"):
        path = root / "train/cat" / unicodedata.normalize(form, "é.png")
        path.write_bytes(b"x")
        ids += [one.id for one in look(root)[1]]
        path.unlink()
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_threads_change_nothing(root: Path, threads) -> None:
    for kind in ("unreadable", "leak", "near-two-classes", "layouts", "turned"):
        PLANTS[kind].plant(root)
    found = []
    for number in (1, 3):
        threads(number)
        found.append([(one.id, one.seen) for one in look(root)[1]])
    assert found[0] == found[1]


def test_bad_copies_are_no_duplicates(root: Path) -> None:
    for name in ("a", "b"):
        (root / f"train/cat/{name}.png").write_bytes(b"")
    assert [one.name for one in look(root)[1]] == ["unreadable", "unreadable"]


def test_a_copy_in_two_classes_and_two_splits_is_both(root: Path) -> None:
    shutil.copy(root / "train/cat/1.png", root / "test/dog/x.png")
    assert [(one.name, one.seen.message) for one in look(root)[1]] == [
        ("two-classes", "labelled cat and dog"),
        ("leak", "in train and test"),
    ]


def test_near_copies_are_found_beside_copies(root: Path) -> None:
    """The three of one picture: two files are the same, and the third looks like them."""
    shutil.copy(root / "train/cat/1.png", root / "train/cat/x.png")
    PLANTS["near-leak"].plant(root)
    (same, near) = sorted(look(root)[1], key=lambda one: one.name)
    assert (same.name, near.name) == ("duplicate", "near-leak")
    assert (len(same.seen.places), len(near.seen.places)) == (2, 3)


def test_what_systems_leave_behind_is_no_finding(root: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", "._1.png", ".ipynb_checkpoints/1.png", "__MACOSX/cat/._1.png"):
        (root / "train" / name).parent.mkdir(exist_ok=True, parents=True)
        scene(5).save(root / "train" / name, "PNG")
    (root / "README.md").write_text("pictures of pets")
    assert look(root)[1] == []


@pytest.mark.parametrize(
    ("paths", "where", "message"),
    [
        (
            ("training/cat/1", "training/dog/1", "testing/cat/1", "testing/dog/1", "cow/1"),
            "training",
            "a split among the classes",
        ),
        (("cat/1", "dog/1", "test/cat/1", "test/dog/1"), "test", "a split among the classes"),
        (("pets/cat/1", "pets/dog/1"), "pets", "the classes seem to be the folders in it"),
        (("cat/1", "dog/1", "cat/dog/1"), "cat/dog", "its pictures count as cat, not as dog"),
    ],
)
def test_folders_that_are_not_where_they_belong(
    tmp_path: Path, paths: tuple[str, ...], where: str, message: str
) -> None:
    for seed, path in enumerate(paths):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        scene(seed).save(tmp_path / f"{path}.png")
    found = {one.seen.paths: one.seen.message for one in look(tmp_path)[1] if one.name == "misplaced"}
    assert found[(str(tmp_path / where),)] == message


@pytest.mark.parametrize("paths", [("train/1", "car/1", "bus/1"), ("test/old/1", "test/new/1", "car/1", "bus/1")])
def test_a_class_may_be_called_like_a_split(tmp_path: Path, paths: tuple[str, ...]) -> None:
    for seed, path in enumerate(paths):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        scene(seed).save(tmp_path / f"{path}.png")
    assert look(tmp_path)[1] == []


def test_pictures_above_the_splits_are_misplaced_or_hidden_too(root: Path) -> None:
    """Beside ``train/`` and ``test/`` nobody looks: fit would train without a word."""
    scene(400).save(root / "x.png")
    (root / ".emu").mkdir()
    scene(401).save(root / ".emu/x.png")
    assert [(one.name, one.seen.message, one.seen.paths) for one in look(root)[1]] == [
        ("misplaced", "in no class: right in the folder of the splits", (f"{root}/x.png",)),
        ("hidden", "1 picture that nobody uses", (f"{root}/.emu",)),
    ]


def test_twins_come_in_the_order_of_their_names_in_every_process(root: Path) -> None:
    for place in range(6):
        for split in ("train", "test"):
            scene(100 + place).save(root / split / "cat" / f"x{place}.png")
            (root / split / "cat" / f"x{place}.png").with_suffix(".PNG").write_bytes(b"")
    found = [one.seen.about for one in look(root)[1] if one.name == "twin-names"]
    assert len(found) == 12
    assert found == sorted(found)


def test_twins_by_unicode_form(root: Path) -> None:
    for seed, form in enumerate(("NFC", "NFD")):
        scene(300 + seed).save(root / "train/cat" / unicodedata.normalize(form, "é.png"))
    (found,) = look(root)[1]
    assert (found.name, found.seen.message) == ("twin-names", "differ only in Unicode form")


def test_a_link_that_leads_back_is_what_fit_refuses(root: Path) -> None:
    (root / "train/cat/loop").symlink_to(root / "train/cat")
    (found,) = look(root)[1]
    assert found.name == "refused"
    assert found.seen.message == "a link that leads back to a folder it lies in; remove it"


def test_a_list_of_pictures_is_examined_too(root: Path, tmp_path: Path) -> None:
    lines = ["path,label,split"]
    for path in sorted(root.rglob("*.png")):
        split, label, _ = path.relative_to(root).parts
        lines.append(f"{os.path.relpath(path, tmp_path)},{label},{split}")
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    assert look(tmp_path / "list.csv")[1] == []
    shutil.copy(root / "train/cat/1.png", root / "test/dog/1.png")
    assert [one.name for one in look(tmp_path / "list.csv")[1]] == ["two-classes", "leak"]


def test_several_labels_are_one_label_together(tmp_path: Path) -> None:
    scene(1).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    scene(2).save(tmp_path / "c.png")
    (tmp_path / "list.csv").write_text("path,label\na.png,cat|dog\nb.png,dog\nc.png,\n")
    (found,) = look(tmp_path / "list.csv", labels="several")[1]
    assert (found.name, found.seen.message) == ("two-classes", "labelled cat|dog and dog")


def test_memory_is_kept_to_numbers(root: Path) -> None:
    """What a pass keeps of a picture does not hang on how large it is."""
    case, _ = look(root)
    kept = sum(value.nbytes for value in vars(case.scan).values() if isinstance(value, np.ndarray))
    assert kept / len(case.material) < 80


def test_an_empty_class_folder_beside_nothing(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    _, found = look(tmp_path)
    assert [one.name for one in found] == ["empty-folder"]


def test_the_doctor_names_a_whole_folder_that_a_manifest_lacks_once(tmp_path: Path) -> None:
    root = clean(tmp_path / "data")
    manifest = write_manifest(root / "train", tmp_path / "m.csv")
    (found,) = look(root, manifest)[1]
    assert (found.name, found.seen.message) == ("added", "all 6 pictures of test: the manifest lists none")
