"""Render Figure 1: any image, and the CAM of what ImageNet's Xception takes it for."""

import argparse

from camseg.cli import run
from camseg.figures import maps
from camseg.figures.style import read_caption, save


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", required=True, help="JPEG, PNG or TIFF")
    parser.add_argument("--weights", required=True, help="'imagenet' or a weights file")
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()

    from camseg.explanations import imagenet  # TensorFlow takes seconds
    from camseg.networks.backend import tf
    from camseg.networks.devices import claim_gpu

    claim_gpu()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    image = imagenet.read_image(args.image)
    prediction = imagenet.predict(imagenet.load_xception(args.weights), image)
    name = imagenet.class_name(prediction.index)
    caption = f"{name}, probability {prediction.probability:.3f}"
    save(maps.figure1(image, prediction.cam, caption), args.output, args.caption)


if __name__ == "__main__":
    run(main)
