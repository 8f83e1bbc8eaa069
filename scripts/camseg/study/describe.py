"""What a data set is: in lines, in a contact sheet, and in a configuration to start from."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from camseg.datasets import index
from camseg.datasets.copies import reject_copies
from camseg.datasets.detection import Detected, detect
from camseg.datasets.discovery import home
from camseg.datasets.reasons import in_a_line
from camseg.datasets.registry import SOURCES
from camseg.datasets.views import Row, read_index
from camseg.errors import CamsegError
from camseg.figures.contact_sheet import contact_sheet
from camseg.figures.style import save
from camseg.io.files import told_of_full_disk
from camseg.rois import extraction
from camseg.rois.candidates import check_usable, summary, warnings, write_candidates
from camseg.rois.lesions import Candidate, Rules
from camseg.rois.normals import OtherImages
from camseg.study import data_facts, proposal, sample
from camseg.study.proposal import Change
from camseg.study.sample import Grey

SHEET = 24  # views
FILES = INDEX, CANDIDATES, PICTURE, CONFIG = (
    *("index.tsv", "candidates.tsv", "contact_sheet.png", "config.yaml"),
)


@dataclass(frozen=True)
class Look:
    """ROIs cut from some cases: `cases` of them, of so many `of` with a lesion."""

    candidates: list[list[Candidate]]  # by case
    table: pd.DataFrame  # all values as text
    of: int
    copies: list[tuple[str, str]]  # views that have the pixels of another: names and reasons


def describe(path: Path, out: Path, cases: int) -> Iterator[str]:
    """Say what is at `path`, line by line, and write what follows from it into the folder `out`.

    ROIs are cut from at most `cases` cases, drawn; one is decoded at a time. Written are FILES, the
    candidates of the cases drawn. Raises CamsegError if `path` is no data set or has no usable
    lesion, or the configuration would not pass the study's own check.
    """
    root = proposal.workflow()
    config = proposal.defaults(root)
    found = detect(path)
    yield f"{found.path}: {found.source.title} (dataset: source: {found.name})"
    yield from (f"not taken for its list: {reason}" for reason in found.refused)
    for name in found.others:
        yield f"if it lists {SOURCES[name].title}: dataset: source: {name}"
    rows = _index(found, config["rois"]["grey"])
    yield from data_facts.of_index(rows)
    index.check_usable(rows, found.path, strict=False)
    with told_of_full_disk(out):
        out.mkdir(parents=True, exist_ok=True)
    index.write_index(out / INDEX, rows)
    changes = _places(found, path, config)
    changes += proposal.of_index(rows, whole=found.source.whole)
    look = _cut(out / INDEX, found, proposal.merged(config, changes), cases)
    if turned := proposal.chest_wall(look.table):
        changes += turned
        look = _cut(out / INDEX, found, proposal.merged(config, changes), cases)
    write_candidates(out / CANDIDATES, look.table)
    yield f"ROIs of {len(look.candidates)} cases, drawn of {look.of} to cut from:"
    yield from (line.rstrip() for line in summary(look.table))
    if look.copies:
        yield f"warning: views of these are left out: {in_a_line(look.copies)}"
    yield from warnings(look.table)
    yield from data_facts.of_lesions(look.table)
    greys = _draw_sheet(out / PICTURE, look, rows, found)
    yield from data_facts.of_greys(greys)
    try:
        check_usable(look.table, strict=False)
    except CamsegError as error:
        if len(look.candidates) == look.of:
            raise CamsegError(f"{found.path}: {error}; see {out / PICTURE}") from error
        yield f"warning: {error}"
    changes += proposal.grey(greys)
    changes += proposal.splits(look.table, len(look.candidates) / look.of)
    order = list(config)
    changes.sort(key=lambda change: order.index(change.key.partition(".")[0]))
    proposal.check(proposal.merged(config, changes), root)
    command = _command(root, out / CONFIG)
    heading = f"{found.path}, {found.source.title}: what differs from {proposal.CONFIG}"
    proposal.write(out / CONFIG, changes, [heading, f"run: {command}"])
    yield f"written to {out}: {', '.join(FILES)}"
    yield f"{CONFIG} differs from {proposal.CONFIG} in"
    yield from (f"  {change}" for change in changes)
    yield f"look at {out / PICTURE}; then run: {command}"


def _index(found: Detected, grey: str) -> list[Row]:
    """Return the index's rows; to find copies, images must be read: that is left to a sample."""
    source = found.source
    cases = index.index_cases(found.path, source.reader, source.listing, grey=grey)
    return index.in_order(tqdm(cases, "headers", unit="case", mininterval=5))


def _places(found: Detected, path: Path, config: dict) -> list[Change]:
    """Return where a study's results go, and where its data are."""
    name = re.sub(r"[^\w-]+", "-", path.resolve().stem).strip("-") or "data"
    results = f"results/{name}"
    if results == config["pathvars"]["results"]:
        results += "-data"
    changes = [Change("pathvars.results", results)]
    for key, value in (("source", found.name), ("path", str(found.path))):
        if config["dataset"][key] != value:
            changes.append(Change(f"dataset.{key}", value))
    return changes


def _cut(index_file: Path, found: Detected, config: dict, count: int) -> Look:
    """Cut the ROIs of at most `count` cases of an index, as a study of `config` would."""
    table, folder = read_index(index_file), home(found.path)
    names = {each.name for each in fields(Rules)} & config["rois"].keys()
    options: dict[str, Any] = {name: _value(config["rois"][name]) for name in names}
    rules = Rules(**options, seed=config["seed"], whole=found.source.whole)
    others = OtherImages(table, rules.seed) if rules.normal == "other_images" else None
    cases = extraction.cases_of_shard(table, 0, 1, whole=rules.whole)
    drawn = sample.draw_cases(cases, count)
    rows = list(chain.from_iterable(drawn))
    usable = [row for row in rows if row["status"] == "usable"]
    reject_copies(rows, folder, everywhere=rules.whole)
    copies = [
        (f"{row['case_id']} {row['view']}", row["reason"])
        for row in usable
        if row["status"] == "rejected"
    ]
    candidates = [
        extraction.extract_case(case, folder, rules, others)
        for case in tqdm(drawn, "ROIs", unit="case", mininterval=5)
    ]
    flat = list(chain.from_iterable(candidates))
    return Look(candidates, extraction.to_table(flat).astype(str), len(cases), copies)


def _value(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _draw_sheet(path: Path, look: Look, rows: Sequence[Row], found: Detected) -> list[Grey]:
    """Write the contact sheet; return the grey levels of the pictures on it."""
    folder = home(found.path)
    left_out = [sample.rejected_tile(row) for row in sample.rejected(rows)]
    tiles, greys = [], []
    for candidates in sample.shown(look.candidates, SHEET - len(left_out)).values():
        tile, grey = sample.tile_of(candidates, folder)
        tiles.append(tile)
        greys += [grey] if grey else []
    tiles += left_out
    title = f"{found.source.title}: {len(tiles)} of {len(rows)} views, {found.path}"
    save(contact_sheet(tiles, title), [path])
    return greys


def _command(root: Path, config: Path) -> str:
    """Return what runs a study with a configuration from the folder one is in."""
    front = [] if root == Path.cwd() else ["-s", str(root / "Snakefile")]
    return shlex.join(["snakemake", *front, "--cores", "all", "all", "--configfile", str(config)])
