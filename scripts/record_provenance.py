"""Record what made the results: the configuration, the versions of all software, every file."""

import argparse
import json
from pathlib import Path

from camseg.cli import run
from camseg.datasets.inputs import read_digests
from camseg.io.files import whole_file
from camseg.report import manifest, pages, provenance, runtime, tables

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configuration", required=True, help="YAML, as a text")
    parser.add_argument("--values", required=True, help="the same as JSON")
    parser.add_argument("--runtime", required=True, help="CSV of summarise_runtime.py")
    parser.add_argument("--data", help="TSV of digest_inputs.py, where data are read")
    parser.add_argument("--given", nargs="*", type=Path, default=[], help="other files it names")
    parser.add_argument("--results", type=Path, required=True, help="folder of the study's results")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--text", required=True, help=".yaml of the configuration to write")
    parser.add_argument("--page", required=True, help=".html of the configuration to write")
    parser.add_argument("--versions", nargs="+", required=True, help=".csv, .md, ... to write")
    parser.add_argument("--manifest", required=True, help="JSON to write")
    options = parser.parse_args()

    from camseg.networks.machine import machine

    captions = tables.read_captions(options.captions)
    for path, text in (
        (options.text, options.configuration),
        (options.page, pages.text_page(options.configuration, captions["configuration"])),
    ):
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    tables.write_table(provenance.versions(ROOT), options.versions, captions)
    found = manifest.record(
        options.results,
        ROOT,
        json.loads(options.values),
        machine=machine(),
        data=read_digests(options.data) if options.data else {},
        given=options.given,
        timings=runtime.read_summary(options.runtime),
    )
    manifest.write(options.manifest, found)


if __name__ == "__main__":
    run(main)
