"""``nettrain evaluate``: judge a model on labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nettrain.cli.completion import file
from nettrain.cli.gates import tell_gates
from nettrain.cli.options import tell, threads_option, tta_option, use_threads
from nettrain.cli.skipped import skipped_lines
from nettrain.config.words import some
from nettrain.errors import Fault, escape

if TYPE_CHECKING:
    from nettrain.training.judging.gates import Gate


METRICS = {  # what the text calls them
    "macro_f1": "macro F1",
    **{f"top{k}": f"top {k}" for k in range(2, 11)},
    "balanced_accuracy": "balanced accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "log_loss": "log loss",
    "auroc": "AUROC",
    "calibration_error": "calibration error",
}


@click.command(epilog="\b\nExample:\n  nettrain evaluate runs/digits-mlp --split test --json")
@click.argument("model", metavar="RUN|MODEL", shell_complete=file)
@click.option(
    "--data",
    metavar="FOLDER|FILE",
    help="Pictures to judge on, instead of the run's own: one folder a class, a CSV, an archive (docs/data.md).",
    shell_complete=file,
)
@click.option("--split", type=click.Choice(["test", "val", "train"]), help="Which of the run's splits [default: test].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@click.option("--min-accuracy", metavar="X", help="Exit code 7 if the accuracy is less [default: gate.accuracy].")
@tta_option
@threads_option
def evaluate(
    model: str,
    data: str | None,
    split: str | None,
    as_json: bool,
    min_accuracy: str | None,
    tta: bool,
    threads: int | None,
) -> int:
    """Accuracy with its 95 % interval, loss, macro F1, a table of the classes and the confusion matrix.

    With a run the results are also written to its folder evaluate/ (with --tta as SPLIT-tta), and the gates of its
    config are judged on the same pictures: exit code 7 if one is not met.
    """
    if data is not None and split is not None:
        raise click.UsageError("--split names a part of the run's own data; leave it out with --data")
    use_threads(threads)
    from nettrain.cli.progress import Decoding
    from nettrain.data.splitting import folder_split
    from nettrain.data.wanted import Wanted
    from nettrain.training.judging.gating import evaluated, gate_of
    from nettrain.training.judging.judging import changes_since, seen_in_training, split_of_run
    from nettrain.training.model_file import load_model
    from nettrain.training.store.run_folder import RunFolder
    from nettrain.training.store.runs import find_model

    folder = RunFolder(Path(model)) if Path(model).is_dir() else None
    path = find_model(model)
    gate = gate_of(folder, min_accuracy)
    loaded = load_model(path)
    config = loaded.config.data
    if data is not None:
        pictures = folder_split("data", data, loaded.classes, Wanted.by(config))
    elif folder is not None:
        pictures = split_of_run(folder, split)
    else:
        raise click.UsageError("a model file has no data of its own; expected --data FOLDER")
    if folder is not None and data is not None:
        tell(*seen_in_training(folder, pictures))
    found = evaluated(loaded, pictures, gate, Decoding(), tta)
    tell(*skipped_lines(Fault(one.reason, pictures.reader.where(one.path)) for one in found.judgement.skipped))
    if folder is not None and data is None:
        tell(*changes_since(folder, pictures.name, found.judgement.data_fingerprint))
    text = found.text if as_json else tables(found.summary, found.gates)
    click.echo(text, nl=not as_json)
    if folder is not None:
        found.write(folder)
    return tell_gates(found.gates, met_too=False)  # those that are met stand in the tables


def tables(summary: dict[str, Any], gates: Sequence[Gate] = ()) -> str:
    """The summary for people: headline, a row a class, and the confusion matrix with rows true, columns predicted."""
    name = "accuracy" if "accuracy" in summary else "subset_accuracy"
    low, high = summary[f"{name}_ci95"]

    def number(value: float | None) -> str:
        return f"{'-':>9}" if value is None else f"{value:9.4f}"

    rows = [
        (name.replace("_", " "), f"{summary[name]:.4f}  (95 % interval {low:.4f} to {high:.4f})"),
        ("loss", f"{summary['loss']:.4f} per picture"),
        *((words, number(summary[metric]).strip()) for metric, words in METRICS.items() if metric in summary),
        *(("gate", f"{'met' if gate.met else 'not met'}: {escape(gate)}") for gate in gates),
    ]
    wide = max(len(words) for words, _ in rows)
    bad = f"; {some(len(summary['skipped']), 'bad one')} skipped" if summary["skipped"] else ""
    views = f", each in the mean over {summary['tta']['views']} views (--tta)" if "tta" in summary else ""
    head = [
        f"{summary['split']}: {some(summary['n'], 'picture')}{views}{bad}",
        *(f"{words:<{wide}}  {text}" for words, text in rows),
    ]
    labels = [escape(row["label"]) for row in summary["per_class"]]
    wide = max(5, *map(len, labels))
    classes = [f"{'class':<{wide}}  precision    recall        f1  pictures     auroc"]
    for row in summary["per_class"]:
        numbers = " ".join(number(row[column]) for column in ("precision", "recall", "f1"))
        classes.append(f"{escape(row['label']):<{wide}}  {numbers} {row['support']:9d} {number(row['auroc'])}")
    if "confusion" not in summary:
        return "\n".join([*head, "", *classes])
    cell = max(len(str(max(map(max, summary["confusion"]["matrix"])))), *(len(label) for label in labels), 3)
    confusion = [
        "confusion (rows true, columns predicted)",
        " ".join([" " * wide, *(f"{label:>{cell}}" for label in labels)]),
    ]
    confusion += [
        " ".join([f"{label:<{wide}}", *(f"{count:>{cell}}" for count in row)])
        for label, row in zip(labels, summary["confusion"]["matrix"], strict=True)
    ]
    if len(labels) > 20:
        confusion = ["confusion: too wide to show; --json has it"]
    return "\n".join([*head, "", *classes, "", *confusion])
