"""Refine a model's CAMs by the ROIs themselves, of all sides of the split alike."""

import argparse

from camseg.cli import run
from camseg.errors import CamsegError
from camseg.io import store
from camseg.segmentation.refinement import REFINEMENTS, refine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", required=True, choices=REFINEMENTS)
    parser.add_argument("--cams", required=True, help="HDF5 file of compute_cams.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True, help="HDF5 file of maps to write")
    args = parser.parse_args()

    rois = store.read_rois(args.shards)
    if store.read_cams(args.cams, load=False).options.get("abnormal"):
        rois = rois.take(rois.label == 1)
    cams = store.read_cams(args.cams, rois.roi_id)
    if cams.cam.shape != rois.image.shape:
        raise CamsegError(
            f"{args.cams}: maps of shape {cams.cam.shape} do not fit ROIs of shape "
            f"{rois.image.shape}: compute them again"
        )
    maps = refine(args.method, rois.image, cams.cam, rois.roi_id, args.seed)
    options = cams.options | {"method": args.method, "seed": args.seed}
    store.write_maps(args.output, maps=maps, roi_id=rois.roi_id, options=options)
    object_share = (maps > 127).mean(axis=(1, 2))
    for name, label in (("abnormal", 1), ("normal", 0)):
        shares = object_share[rois.label == label]
        if len(shares):
            print(
                f"{len(shares)} {name} ROIs: object in {shares.mean():.0%} of the area on average"
            )


if __name__ == "__main__":
    run(main)
