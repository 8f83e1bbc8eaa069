"""The record of a study, manifest.json: what made it, from what, where, and what every file is."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from camseg.errors import CamsegError
from camseg.io.checked import REMEDY, Number, read_json
from camseg.io.digests import Digest, digests_below
from camseg.io.files import whole_file
from camseg.report.provenance import code_state, packages
from camseg.rois import runs

NAME = "manifest.json"
SCHEMA = 1
# folders that hold no outcome: what jobs said, and the states that trainings resume from
NO_OUTCOME = ("logs", "resume")
# what of the repository a run is made of
CODE: tuple[str, ...] = ("Snakefile", "workflow", "scripts", "envs", "config", "requirements.txt")
CODE += ("resources/paper_results.csv", "CITATION.cff", "LICENSE")
NO_CODE = ("__pycache__", ".egg-info")  # what folders' names end with that Python leaves there


def record(
    results: Path,
    root: Path,
    configuration: Mapping,
    *,
    machine: Mapping,
    data: Mapping[str, Digest],
    given: Iterable[Path],
    timings: Iterable[Mapping],
) -> dict:
    """Return the record of the study in the folder `results`, as JSON values.

    `root` is the workflow's folder, `configuration` has the study's keys, `machine` is that of
    `networks.machine`, `data` is what the files of the data set are, by their paths from
    `dataset: path`, `given` are further files that the configuration names, `timings` the rows of
    runtime.csv. Of the files below `results` count all that are there but logs, saved states and
    hidden ones; a study of other keys may have left some.
    """
    seed, splits, seeds = (configuration[key] for key in ("seed", "splits", "seeds"))
    names = runs.names(splits, seeds)
    return {
        "schema": SCHEMA,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": {**code_state(root), "files": digests_below(root, code_files(root))},
        "configuration": {"sha256": digest_of_values(configuration), "values": configuration},
        "seeds": {"seed": seed, "runs": {name: runs.seed_of(name, seed) for name in names}},
        "packages": packages(),
        "machine": machine,
        "inputs": {
            "data": {"path": configuration["dataset"]["path"], "files": data},
            "given": digests_below(Path(), given),
        },
        "outputs": digests_below(results, outcomes(results)),
        "timings": list(timings),
    }


def digest_of_values(values: Mapping) -> str:
    """Return the SHA-256 of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def outcomes(results: Path) -> Iterator[Path]:
    """Yield the files below `results` that a record counts: neither hidden ones nor itself."""
    for path in _below(results, lambda name: name[0] != "." and name not in NO_OUTCOME):
        if path.name[0] != "." and path != results / NAME:
            yield path


def code_files(root: Path) -> Iterator[Path]:
    """Yield the files that a run is made of, CODE, in the workflow's folder `root`."""
    for name in CODE:
        if (root / name).is_file():
            yield root / name
        yield from _below(root / name, lambda folder: not folder.endswith(NO_CODE))


def _below(folder: Path, enters: Callable[[str], bool]) -> Iterator[Path]:
    """Yield the files below a folder, and below those folders in it whose names it `enters`."""
    for place, folders, names in os.walk(folder):
        folders[:] = filter(enters, folders)
        yield from (Path(place, name) for name in names)


def write(path: str | Path, values: Mapping) -> None:
    """Write a record."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def read(results: Path) -> dict:
    """Return the record in the folder of a study; CamsegError if there is none, or it is broken."""
    path = results / NAME
    if not path.is_file():
        raise CamsegError(
            f"{results}: has no {NAME}: the target all writes it at a study's end; finish the run"
        )
    found = read_json(path, {"schema": Number(SCHEMA, SCHEMA, whole=True)})
    for name in ("code", "configuration", "machine", "inputs", "outputs"):
        if not isinstance(found.get(name), dict):
            raise CamsegError(f"{path}: has no {name}; {REMEDY}")
    return found


def told(found: Mapping) -> str:
    """Return a record in a line: which code, when, on what."""
    code, machine = found["code"], found["machine"]
    commit = f", commit {code['commit'][:10]}" if code["commit"] else ""
    edited = {True: ", edited since", False: "", None: ", edits not known"}[code["dirty"]]
    return (
        f"camseg {code['version']}{commit}{edited}; finished {found['finished']}; "
        f"{processor(found)}, rounding {machine['rounding']['sha256'][:8]}"
    )


def processor(found: Mapping) -> str:
    """Return the processor that a record tells of, with its family where it is told."""
    told = found["machine"]["processor"]
    return f"{told['model']} ({told['family']})" if told.get("family") else told["model"]
