"""The numbers of the formats that scripts and files rely on; docs/FORMATS.md has the rule for changing them.

The config's own is ``version`` in ``training/config.py``, because there it is a key that people write.
"""

from __future__ import annotations

CHECKPOINT = 1  # step-*.safetensors and best.safetensors: ``format_version`` in the metadata
RUN = 1  # the run folder: ``format_version`` in run.json; of a series in series.json
ROWS = 1  # the JSON that predict, evaluate, compare and runs list print: ``format_version`` in each object
