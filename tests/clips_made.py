"""Clips and a config of them, for tests of commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from data.clip_samples import clip, frame_folder, greys

SMALL = """\
seed: 3
data:
  train: {data}
  val: {{from: train, fraction: 0.25}}
  image: {{size: [8, 8], channels: 1, frames: 4}}
  augment:
    - random_crop: {{padding: 1}}
model:
  activation: relu
  layers:
    - conv3d: {{filters: 4, kernel_size: 3, norm: batch_norm}}
    - max_pool3d: [1, 2, 2]
    - time_distributed: [{{conv2d: {{filters: 6, kernel_size: 3}}}}, dropout: 0.1, global_avg_pool]
    - time_avg_pool
    - dense: classes
optimizer: {{sgd: {{lr: 0.1, momentum: 0.9}}}}
train: {{epochs: 3, batch_size: 8}}
"""


def clips_in(root: Path) -> None:
    """Two classes of twelve clips, half of them folders of frames, and a config."""
    for label, shade in (("dark", 0), ("light", 120)):
        (root / "clips" / label).mkdir(parents=True)
        for number in range(12):
            frames = [frame // 2 + np.uint8(shade) for frame in greys(6 + number, 8, 8)[number:]]
            if number % 2:
                frame_folder(root / "clips" / label / f"{number}", frames)
            else:
                (root / "clips" / label / f"{number}.gif").write_bytes(clip(frames))
    (root / "clips.yaml").write_text(SMALL.format(data="clips"), encoding="utf-8")
