"""The folder of a run: where everything of it is, and its run.json."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nettrain.errors import CheckpointError, ConfigError
from nettrain.files import whole
from nettrain.files.causes import fault
from nettrain.files.folders import prune
from nettrain.files.lock import LOCK
from nettrain.files.whole import is_temporary
from nettrain.formats import RUN
from nettrain.training.store import checkpoint, json_text


@dataclass(frozen=True)
class RunFolder:
    """Where everything of a run is."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def resolved(self) -> Path:
        return self.path / "config.resolved.yaml"

    @property
    def run_json(self) -> Path:
        return self.path / "run.json"

    @property
    def timings(self) -> Path:
        return self.path / "timings.csv"

    @property
    def profile(self) -> Path:
        return self.path / "profile.csv"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.csv"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def split(self) -> Path:
        return self.path / "split.csv"

    @property
    def classes(self) -> Path:
        return self.path / "classes.txt"

    @property
    def bad_images(self) -> Path:
        return self.path / "bad_images.csv"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def starts(self) -> Path:
        return self.path / "starts.csv"

    @property
    def best(self) -> Path:
        return self.path / "best.safetensors"

    @property
    def evaluate(self) -> Path:
        return self.path / "evaluate"

    def is_blank(self) -> bool:
        """Whether it holds nothing but a lock and what dead processes left of files: a run may start here."""
        inside = [name for name in listed(self.path) if name not in (LOCK, self.checkpoints.name)]
        return all(map(is_temporary, inside + listed(self.checkpoints)))

    def is_run(self) -> bool:
        """Whether a run has begun here: it has a run.json, or the checkpoint that comes before it."""
        return self.run_json.exists() or bool(checkpoint.steps(self.checkpoints))

    def sweep(self) -> None:
        """Remove what dead processes left of files; only for the holder of the lock.

        Notes    not in ``evaluate``, where another process may be writing: that takes no lock.
        """
        for folder in (self.path, self.checkpoints):
            prune(folder / name for name in listed(folder) if is_temporary(name))

    def write_run(self, facts: Mapping[str, Any]) -> None:
        """Replace run.json. Errors: EnvironmentFault; ValueError for NaN or infinity."""
        whole.write_atomic(self.run_json, json_text.readable({**facts, "format_version": RUN}).encode("ascii"))

    def read_run(self) -> dict[str, Any]:
        """The facts in run.json.

        Errors   ConfigError if this is not a run; CheckpointError if the file is damaged, or of a newer nettrain.
        """
        shown = os.fspath(self.run_json)
        try:
            text = self.run_json.read_text(encoding="utf-8")
            if not isinstance(facts := json_text.parse(text), dict):
                raise ValueError("not a JSON object")
        except (FileNotFoundError, NotADirectoryError) as error:
            message = "holds no run.json; expected the folder of a run, such as runs/name"
            raise ConfigError(message, os.fspath(self.path)) from error
        except OSError as error:
            raise fault(shown, "read", error) from error
        except ValueError as error:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else error
            raise CheckpointError(f"is damaged ({reason}); put back a copy of it", shown) from error
        version = facts.pop("format_version", None)
        if type(version) is not int or version < 1:
            raise CheckpointError(f"has format version {version!r}; put back a copy of it", shown)
        if version > RUN:
            raise CheckpointError(
                f"has format version {version}, this nettrain reads up to {RUN}; use a newer nettrain", shown
            )
        return facts


def read_text(path: Path) -> str:
    """A text of the run. Errors: EnvironmentFault; CheckpointError if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise fault(path, "read", error) from error
    except UnicodeDecodeError as error:
        raise CheckpointError("is damaged (not UTF-8); put back a copy of it", os.fspath(path)) from error


def listed(folder: Path) -> list[str]:
    """The names in a folder, in code-point order; none if there is no such folder."""
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise fault(folder, "read", error) from error


def now() -> str:
    """The time for run.json: UTC to the millisecond, so that the order of texts is the order of times."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
