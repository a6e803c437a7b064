"""Gates on the screen: a line on stderr for each, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nettrain.cli.options import tell
from nettrain.errors import ExitCode, escape

if TYPE_CHECKING:
    from nettrain.training.judging.gates import Gate, GateConfig
    from nettrain.training.store.run_folder import RunFolder


def tell_gates(gates: Sequence[Gate], *, met_too: bool = True) -> int:
    """Say which gates are met, and which are not; returns the exit code."""
    for gate in gates:
        if met_too or not gate.met:
            tell(f"nettrain: gate {'met' if gate.met else 'not met'}: {escape(gate)}")
    return ExitCode.OK if all(gate.met for gate in gates) else ExitCode.GATE


def judge(folder: RunFolder, gate: GateConfig | None) -> int:
    """Judge the best model of a finished run, if its config asks for that; returns the exit code."""
    if gate is None:
        return ExitCode.OK
    from nettrain.cli.progress import Decoding
    from nettrain.training.judging.gating import judge_run
    from nettrain.training.judging.judging import changes_since

    found = judge_run(folder, gate, Decoding())
    tell(*changes_since(folder, found.judgement.result.split, found.judgement.data_fingerprint))
    return tell_gates(found.gates)
