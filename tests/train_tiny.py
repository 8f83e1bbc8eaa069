"""Train a tiny network with all that has a state, in a process that a test may kill.

    python train_tiny.py FOLDER [write N | rename N]

The state is saved at every epoch's end; the final weights and history go to FOLDER/final.npz.
With `write` or `rename` the process kills itself in the N-th call that writes an array of a
state, or that gives a whole state its name.
"""

import json
import os
import signal
import sys
from pathlib import Path

import h5py
import keras
import numpy as np

from camseg.training import loop
from camseg.training.checkpoint import Checkpoint
from tiny import make_examples, make_settings

IDENTITY = {"settings": {"epochs": 8}, "code": "tiny"}


def die_in(owner: type, name: str, number: int) -> None:
    calls, real = [], getattr(owner, name)

    def call(*arguments, **options):
        calls.append(name)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(owner, name, call)


def main() -> None:
    folder = Path(sys.argv[1])
    if sys.argv[2:]:
        owner, name = {"write": (h5py.Group, "create_dataset"), "rename": (Path, "replace")}[
            sys.argv[2]
        ]
        die_in(owner, name, int(sys.argv[3]))
    settings = make_settings(
        epochs=8, monitor="val_auc", schedule="cosine", flips=True, rotation=10, learning_rate=0.02
    )
    loop.make_repeatable(settings.seed, settings.threads)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.BatchNormalization(momentum=0.9)(keras.layers.Conv2D(4, 3)(inputs))
    x = keras.layers.Dropout(0.3)(keras.layers.ReLU()(x))
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(x), name="tiny")
    checkpoint = Checkpoint(folder / "resume", IDENTITY, 0)
    with checkpoint.locked():
        result = loop.train(
            model, make_examples(), make_examples(seed=2), settings, checkpoint=checkpoint
        )
        arrays = {str(number): value for number, value in enumerate(model.get_weights())}
        np.savez(folder / "final.npz", history=json.dumps(result.history), **arrays)
        checkpoint.remove()


if __name__ == "__main__":
    main()
