"""``nettrain evaluate``: judge a model on labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nettrain.cli.completion import file, folder
from nettrain.cli.options import tell, threads_option, use_threads


@click.command(epilog="\b\nExample:\n  nettrain evaluate runs/digits-mlp --split test --json")
@click.argument("model", metavar="RUN|MODEL", shell_complete=file)
@click.option(
    "--data",
    metavar="FOLDER",
    help="Pictures to judge on, one folder a class, instead of the run's own.",
    shell_complete=folder,
)
@click.option("--split", type=click.Choice(["test", "val", "train"]), help="Which of the run's splits [default: test].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
@threads_option
def evaluate(model: str, data: str | None, split: str | None, as_json: bool, threads: int | None) -> None:
    """Accuracy with its 95 % interval, loss, macro F1, a table of the classes and the confusion matrix.

    With a run the results are also written to its folder evaluate/.
    """
    if data is not None and split is not None:
        raise click.UsageError("--split names a part of the run's own data; leave it out with --data")
    use_threads(threads)
    from nettrain import files
    from nettrain.cli.progress import Decoding
    from nettrain.data.split import folder_split
    from nettrain.training import results
    from nettrain.training.judging import judge_split, split_of_run
    from nettrain.training.model_file import load_model
    from nettrain.training.run_folder import RunFolder
    from nettrain.training.runs import find_model

    loaded = load_model(find_model(model))
    folder = RunFolder(Path(model)) if Path(model).is_dir() else None
    if data is not None:
        pictures = folder_split("data", data, loaded.classes)
    elif folder is not None:
        pictures = split_of_run(folder, split)
    else:
        raise click.UsageError("a model file has no data of its own; expected --data FOLDER")
    judgement = judge_split(loaded, pictures, Decoding())
    if judgement.skipped:
        tell(f"nettrain: warning: {judgement.skipped} bad pictures skipped")
    result = judgement.result
    summary = results.summary(result, loaded.sha256, judgement.data_fingerprint)
    text = results.summary_json(result, loaded.sha256, judgement.data_fingerprint)
    click.echo(text if as_json else tables(summary), nl=not as_json)
    if folder is not None:
        files.make_folder(folder.evaluate)
        for name, content in (
            (f"{result.split}.json", text),
            (f"confusion_{result.split}.csv", results.confusion_csv(result)),
            (f"per_class_{result.split}.csv", results.per_class_csv(result)),
            (f"predictions_{result.split}.csv", results.predictions_csv(result)),
        ):
            files.write_atomic(folder.evaluate / name, content.encode())


def tables(summary: dict[str, Any]) -> str:
    """The summary for people: headline, a row a class, and the confusion matrix with rows true, columns predicted."""
    from nettrain.errors import escape

    low, high = summary["accuracy_ci95"]
    head = [
        f"{summary['split']}: {summary['n']} pictures",
        f"accuracy  {summary['accuracy']:.4f}  (95 % interval {low:.4f} to {high:.4f})",
        f"loss      {summary['loss']:.4f} per picture",
        f"macro F1  {summary['macro_f1']:.4f}",
    ]
    labels = [escape(label) for label in summary["confusion"]["labels"]]
    wide = max(5, *map(len, labels))

    def number(value: float | None) -> str:
        return f"{'-':>9}" if value is None else f"{value:9.4f}"

    classes = [f"{'class':<{wide}}  precision    recall        f1  pictures"]
    for row in summary["per_class"]:
        numbers = " ".join(number(row[column]) for column in ("precision", "recall", "f1"))
        classes.append(f"{escape(row['label']):<{wide}}  {numbers} {row['support']:9d}")
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
        confusion = ["confusion: too wide to show; see confusion_<split>.csv or --json"]
    return "\n".join([*head, "", *classes, "", *confusion])
