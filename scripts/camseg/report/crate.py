"""A study as a Workflow Run RO-Crate: its record and results with the workflow that made them.

The profile is Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5), on RO-Crate 1.1: the
workflow is the crate's main entity, one action says that running it made the results.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from camseg.errors import CamsegError
from camseg.io.digests import Digest
from camseg.io.files import whole_file
from camseg.report import manifest
from camseg.report.verification import changes, results_since

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW = "workflow/Snakefile"
AUTHORS = "#camseg-authors"
LICENSE = "https://spdx.org/licenses/MIT"  # of the workflow; that of the data is not known
# what is left out: pictures of the data, heat maps and networks, which are large or not ours to
# give; the record has the SHA-256 of each
LEFT_OUT = (".h5", ".keras")
LEFT_OUT_FOLDERS = ("cases", "explorer")
LEFT_OUT_NAMES = "rois/views-*.json"  # small pictures of whole views
FORMATS = {".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json"}
FORMATS |= {".md": "text/markdown", ".html": "text/html", ".tex": "application/x-tex"}
FORMATS |= {".svg": "image/svg+xml", ".png": "image/png", ".yaml": "application/yaml"}
FORMATS |= {".py": "text/x-python", ".smk": "text/x-python", ".css": "text/css"}


def packed(names: Mapping[str, Digest]) -> Iterator[str]:
    """Yield which of a record's results a crate holds."""
    for name in names:
        path = Path(name)
        left_out = path.suffix in LEFT_OUT or path.parts[0] in LEFT_OUT_FOLDERS
        if not left_out and not path.match(LEFT_OUT_NAMES):
            yield name


def check(results: Path, root: Path, found: Mapping) -> None:
    """Raise CamsegError if results, or the workflow's files in `root`, are not as recorded."""
    if since := results_since(results, found):
        named = [*since.altered, *since.missing, *since.new]
        raise CamsegError(
            f"{results}: {len(named)} files are not as recorded, say {named[0]}: run the workflow "
            "again (camseg verify names all)"
        )
    since = changes(found["code"]["files"], root)
    if since:
        named = [*since.altered, *since.missing]
        raise CamsegError(
            f"{root}: {len(named)} files of the workflow are not those that made {results}, say "
            f"{named[0]}: check out {found['code']['commit'] or 'that version'}, or run it again"
        )


def write(results: Path, root: Path, path: Path) -> int:
    """Write the crate of the study in `results`, a ZIP, to `path`; return how many files it holds.

    `root` is the workflow's folder. Raises CamsegError if the study has no record, or anything is
    not as recorded, or the package rocrate is missing.
    """
    try:
        from rocrate.model import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise CamsegError(
            "camseg crate needs the package rocrate: pip install 'camseg[crate]'"
        ) from error
    found = manifest.read(results)
    check(results, root, found)
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(CONTEXT)
    title = f"camseg: the study {results.name}"
    crate.name = title
    crate.description = (
        "Tables, figures and scores of a study of heat maps, the workflow that made them, and a "
        f"record, {manifest.NAME}, with the SHA-256 of every file it read and made"
    )

    def add(place: str, kind: str, **properties: Any) -> Any:
        return crate.add(ContextEntity(crate, place, {"@type": kind, **properties}))

    terms = add(LICENSE, "CreativeWork", name="MIT License", identifier=LICENSE)
    crate.root_dataset["license"] = terms
    crate.root_dataset["conformsTo"] = [
        add(name, "CreativeWork", name=of, version=version)
        for name, (of, version) in PROFILES.items()
    ]
    authors = add(AUTHORS, "Organization", name="The camseg authors")
    crate.root_dataset["author"] = authors

    sources = sorted({*found["code"]["files"]})
    for name in sources:
        if name != WORKFLOW:
            described = _described(name, found["code"]["files"][name])
            crate.add_file(root / name, name, properties=described)
    version = found["packages"].get("snakemake")
    workflow = crate.add_workflow(
        root / WORKFLOW, WORKFLOW, main=True, lang="snakemake", lang_version=version
    )
    workflow["encodingFormat"] = "text/x-python"
    workflow["name"] = "camseg"
    workflow["version"] = found["code"]["commit"] or found["code"]["version"]
    workflow["creator"], workflow["license"] = authors, terms

    names = [manifest.NAME, *packed(found["outputs"])]
    made = {}
    for name in names:
        described = _described(name, found["outputs"].get(name))
        made[name] = crate.add_file(results / name, f"results/{name}", properties=described)
    given = [made["provenance/configuration.yaml"]]
    data = found["inputs"]["data"]
    if data["files"]:
        digest = manifest.digest_of_values(data["files"])
        told = f"{len(data['files'])} files, listed with their SHA-256 in {manifest.NAME}"
        given.append(
            add("#data", "CreativeWork", name="The data", description=told, identifier=digest)
        )
    machine = found["machine"]
    action = add(
        "#run",
        "CreateAction",
        name=f"Run of {title}",
        description=f"snakemake all; {manifest.told(found)}",
        endTime=found["finished"],
        actionStatus="http://schema.org/CompletedActionStatus",
        instrument=workflow,
        object=given,
        result=[made[name] for name in names if made[name] not in given],
        environment=[
            add(f"#{name}", "PropertyValue", name=name, value=value)
            for name, value in machine["switches"].items()
        ],
    )
    crate.root_dataset["mentions"] = [action]
    with whole_file(path) as temporary:
        crate.write_zip(temporary)
    return len(names) + len(sources)


def _described(name: str, digest: Digest | None) -> dict[str, str]:
    """Return the properties of a file; the record cannot hold its own digest."""
    found = {"name": name, "encodingFormat": FORMATS.get(Path(name).suffix, "text/plain")}
    if digest:
        found |= {"contentSize": str(digest["bytes"]), "sha256": digest["sha256"]}
    return found
