"""The numbers of the formats that scripts and files rely on; docs/FORMATS.md has the rule for changing them.

The config's own is ``version`` in ``training/config.py``, because there it is a key that people write.
"""

from __future__ import annotations

CHECKPOINT = 1  # step-*.safetensors and best.safetensors: ``format_version`` in the metadata
RUN = 1  # the run folder: ``format_version`` in run.json
ROWS = 1  # predict's JSON lines and evaluate's JSON: ``format_version`` in each object
