"""What the doctor looks for, a row each, the gravest first."""

from __future__ import annotations

from nettrain.data.doctor import differs, laid_out, repeated, single, together
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.finding import Finding, Kind, Severity

ERROR, WARNING, NOTE = Severity

FINDINGS: dict[str, Kind] = {
    "unreadable": Kind(
        "cannot be read as a picture",
        ERROR,
        "replace it, or take it out; data.on_bad_image: skip leaves it out",
        single.unreadable,
        to_see=False,
    ),
    "cut-off": Kind(
        "ends too early",
        ERROR,
        "fetch it again, or take it out; data.on_bad_image: skip leaves it out",
        single.cut_off,
        to_see=False,
    ),
    "two-classes": Kind(
        "the same picture in two classes",
        ERROR,
        "look at it, and keep it where it belongs",
        repeated.same_in_classes,
    ),
    "leak": Kind(
        "the same picture on two sides of a split",
        ERROR,
        "keep it on one side: on the other it is judged by heart",
        repeated.same_in_splits,
    ),
    "empty-folder": Kind(
        "a class without pictures", ERROR, "put pictures into it, or remove it: fit refuses it", laid_out.empty
    ),
    "misplaced": Kind(
        "not where classes and pictures belong",
        ERROR,
        "expected one folder of pictures a class; move it, or point data.train, data.val and data.test elsewhere",
        laid_out.misplaced,
    ),
    "twin-classes": Kind(
        "class folders whose names differ only in case or Unicode form",
        ERROR,
        "merge them, or rename one: fit refuses them",
        laid_out.twin_classes,
    ),
    "other-classes": Kind(
        "not the classes of train",
        ERROR,
        "add the missing ones, and take the others out: fit refuses them",
        laid_out.other_classes,
    ),
    "refused": Kind("refused by fit", ERROR, "see what is expected", laid_out.refused, to_see=False),
    "changed": Kind(
        "not as the manifest says", ERROR, "put the picture back, or write the manifest anew", differs.changed
    ),
    "missing": Kind(
        "in the manifest, but not there", ERROR, "put the picture back, or write the manifest anew", differs.missing
    ),
    "added": Kind(
        "there, but not in the manifest",
        ERROR,
        "take the picture out, or write the manifest anew",
        differs.added,
        to_see=False,
    ),
    "near-two-classes": Kind(
        "pictures that look the same in two classes",
        WARNING,
        "look at them, and keep them in one class",
        repeated.alike_in_classes,
    ),
    "near-leak": Kind(
        "pictures that look the same on two sides of a split",
        WARNING,
        "look at them, and keep them on one side",
        repeated.alike_in_splits,
    ),
    "duplicate": Kind(
        "the same picture more than once",
        WARNING,
        "keep one: each copy counts in training, and chance may put one on each side of a split",
        repeated.copies,
    ),
    "constant": Kind("nothing to see", WARNING, "replace it, or take it out", single.constant),
    "animated": Kind(
        "an animation among pictures",
        WARNING,
        "data.image.animated: first takes the first frame, data.image.frames makes clips; else fit refuses the picture",
        single.animated,
    ),
    "hidden": Kind(
        "pictures under a hidden name",
        WARNING,
        "rename it if they are to be used: names that begin with a dot are passed over",
        laid_out.hidden,
    ),
    "twin-names": Kind(
        "files whose names differ only in case or Unicode form",
        WARNING,
        "rename one: on other file systems one takes the place of the other",
        laid_out.twin_names,
    ),
    "tiny": Kind("much smaller than the others", WARNING, "replace it, or take it out", single.tiny),
    "near-duplicate": Kind(
        "pictures that look the same", NOTE, "keep one if they are versions of one picture", repeated.versions
    ),
    "uneven": Kind(
        "classes of very different sizes",
        NOTE,
        "class_weights: balanced in the loss counts them alike; judge by balanced_accuracy",
        together.uneven,
    ),
    "sizes": Kind(
        "pictures of several sizes", NOTE, "data.image.fit says how they become one size", together.sizes, to_see=False
    ),
    "layouts": Kind(
        "several pixel layouts", NOTE, "all become what data.image.channels says", together.layouts, to_see=False
    ),
    "turned": Kind(
        "stored turned, with a mark that says how",
        NOTE,
        "nothing: nettrain shows them upright, but some programs do not",
        together.turned,
        to_see=False,
    ),
    "elongated": Kind(
        "much longer than wide", NOTE, "data.image.fit: pad or crop keeps the shapes in it", single.elongated
    ),
    "passed-over": Kind(
        "files in class folders that are not taken for pictures",
        NOTE,
        "convert them if they are pictures",
        laid_out.passed_over,
    ),
}


def findings(case: Case) -> list[Finding]:
    """All that is found, the gravest kinds first."""
    return [Finding(name, kind, seen) for name, kind in FINDINGS.items() for seen in kind.find(case)]
