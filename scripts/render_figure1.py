"""Render Figure 1: any picture, and the CAM of what ImageNet's Xception takes it for."""

import argparse

import tensorflow as tf

from camseg import cam_pictures, figures, imagenet
from camseg.cli import run
from camseg.gpus import claim_gpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", required=True, help="JPEG, PNG or TIFF")
    parser.add_argument("--weights", required=True, help="'imagenet' or a weights file")
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    claim_gpu()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    picture = imagenet.read_picture(args.picture)
    prediction = imagenet.predict(imagenet.load_xception(args.weights), picture)
    name = imagenet.class_name(prediction.index)
    caption = f"{name}, probability {prediction.probability:.3f}"
    figures.save(cam_pictures.figure1(picture, prediction.cam, caption), args.output)


if __name__ == "__main__":
    run(main)
