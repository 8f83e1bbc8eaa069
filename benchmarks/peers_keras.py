"""The parts of a study as a plain Keras script has them; run by peers.py, which says the rest.

Nothing of camseg: pictures read one by one, compile and fit, Grad-CAM picture by picture as in
Keras' own example, Dice in a loop over 256 thresholds. It prints what it took, as JSON.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
import tensorflow as tf

clock = time.process_time


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--network", required=True)
    parser.add_argument("--module", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(args.seed)
    preprocess = getattr(keras.applications, args.module).preprocess_input

    started = clock()
    paths = sorted(args.pictures.glob("*/*.png"))
    images = np.stack([keras.utils.img_to_array(keras.utils.load_img(path)) for path in paths])
    images = preprocess(images)
    taken = {"read": (clock() - started) / len(paths)}
    labels = np.array([int("abnormal" in path.name) for path in paths])
    sides = np.array([path.parent.name for path in paths])
    train, validation = sides == "train", sides == "validation"

    application = getattr(keras.applications, args.network)
    base = application(include_top=False, weights=None, input_shape=images.shape[1:])
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(2)(pooled))
    model.compile(
        keras.optimizers.Adam(args.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    ends: list[float] = []  # of the training steps
    losses: list[float] = []  # mean over the epoch's steps so far

    def note(batch: int, logs: dict) -> None:
        ends.append(clock())
        losses.append(float(logs["loss"]))

    model.fit(
        images[train],
        labels[train],
        batch_size=args.batch_size,
        epochs=args.epochs,
        validation_data=(images[validation], labels[validation]),
        shuffle=False,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=note)],
        verbose=0,
    )
    model.save(args.output / "model.keras")

    cams = np.empty(images.shape[:3], np.uint8)
    marks = [clock()]
    of_both = keras.Model(model.inputs, [base.output, model.output])
    for number, image in enumerate(images):
        with tf.GradientTape() as tape:
            features, logits = of_both(image[np.newaxis])
            score = logits[:, 1] - logits[:, 0]
        weights = tf.reduce_mean(tape.gradient(score, features), axis=(0, 1, 2))
        heat = tf.squeeze(features[0] @ weights[:, tf.newaxis]).numpy()
        heat = cv2.resize(heat, images.shape[1:3])
        span = heat.max() - heat.min()
        cams[number] = np.rint(255 * (heat - heat.min()) / span) if span else 0
        marks.append(clock())

    abnormal = np.flatnonzero(labels)
    masks = [args.pictures.with_name("masks") / paths[number].name for number in abnormal]
    lesions = [np.asarray(keras.utils.load_img(path))[..., 0] > 0 for path in masks]
    started = clock()
    scores = []
    for cam, mask in zip(cams[abnormal], lesions, strict=True):
        dice = []
        for threshold in range(256):
            above = cam > threshold
            dice.append(2 * np.logical_and(above, mask).sum() / (above.sum() + mask.sum()))
        scores.append(np.mean(dice))
    taken["score"] = (clock() - started) / len(scores)
    np.savez(args.output / "maps.npz", cams=cams, scores=scores)
    taken |= {"first_map": marks[1] - marks[0], "map": (marks[-1] - marks[1]) / (len(marks) - 2)}
    weights = sum(int(np.prod(each.shape)) for each in model.trainable_weights)
    told = {"ends": ends, "losses": losses, "weights": weights}
    print(json.dumps({**taken, **told, "version": f"Keras {keras.__version__}"}))


if __name__ == "__main__":
    main()
