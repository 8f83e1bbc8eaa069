"""Put the shards' candidate tables together; end with an error if no usable ROI is left."""

import argparse

from camseg.cli import run
from camseg.rois import candidates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", help="TSVs of extract_rois.py")
    parser.add_argument(
        "--strict", action="store_true", help="an unreadable image or lesion is an error"
    )
    parser.add_argument("--output", required=True, help="TSV to write, one row per candidate")
    args = parser.parse_args()

    table = candidates.merge(args.tables)
    print(*candidates.summary(table), *candidates.warnings(table), sep="\n", flush=True)
    candidates.check_usable(table, strict=args.strict)
    candidates.write_candidates(args.output, table)


if __name__ == "__main__":
    run(main)
