"""What of the raw DDSM is below a folder, volume by volume, and which files its cases lack.

Volumes and their numbers of cases are those that the database's own DDSM_README (August 2000)
lists. They add up to 2,632, the README says 2,620: a volume of normal or cancer cases may be whole
with a few less.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from camseg.datasets import discovery
from camseg.datasets.reasons import by_kind
from camseg.datasets.sources.ddsm import HEADER_BYTES
from camseg.errors import CamsegError
from camseg.formats import ddsm, ljpeg

LISTED = {
    "normal": (118, 117, 38, 57, 47, 60, 78, 27, 59, 23, 58, 20),
    "cancer": (69, 88, 66, 31, 83, 56, 52, 60, 81, 59, 59, 80, 21, 42, 72),
    "benign": (80, 69, 64, 81, 62, 74, 61, 64, 75, 21, 62, 64, 72, 21),
    "benign_without_callback": (75, 66),
}
VOLUMES = {
    f"{kind}_{number:02d}": cases
    for kind, volumes in LISTED.items()
    for number, cases in enumerate(volumes, start=1)
}
IN_CAPITALS = re.IGNORECASE
ICS = re.compile(r"([A-Z]-\d{4}-\d)\.ics(\.gz)?", IN_CAPITALS)
IMAGE = re.compile(r"([A-Z]_\d{4}_\d)\.(LEFT|RIGHT)_(CC|MLO)\.LJPEG(\.gz)?", IN_CAPITALS)
FOLDER = re.compile(r"case\d{4}", IN_CAPITALS)
END = b"\xff\xd9"  # an image's last marker, which stands nowhere in its data
TAIL = 4096  # bytes that it is looked for in
COLUMNS = ["volume", "case", "file", "used", "fault"]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file, its path below the folder; `used` if the workflow reads it."""

    file: str
    text: str
    used: bool


@dataclass(frozen=True)
class Case:
    """A case of which at least a file or the folder is there, and what is wrong with its files.

    `volume` is "" if no folder that it lies in has the name of one.
    """

    volume: str
    name: str
    faults: tuple[Fault, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing is wrong with what the workflow reads: all but MLO views."""
        return not any(fault.used for fault in self.faults)


def check(folder: Path) -> list[Case]:
    """Return the cases below a folder, by volume and name.

    Texts are read, and the headers and ends of images, of gzipped ones the headers alone: none is
    decoded. CamsegError if there is no such folder, or nothing of a case in it.
    """
    if not folder.is_dir():
        raise CamsegError(f"{folder}: is no folder")
    cases = [
        case for place, names in discovery.walk(folder) for case in _cases(place, names, folder)
    ]
    if not cases:
        raise CamsegError(
            f"{folder}: holds nothing of the DDSM: no file at any depth is named like "
            "C-0001-1.ics or C_0001_1.LEFT_CC.LJPEG"
        )
    return sorted(cases, key=lambda case: (case.volume, case.name))


def _cases(place: Path, names: list[str], folder: Path) -> Iterator[Case]:
    """Yield the cases in one folder; some copies keep many of them in one."""
    volume = _volume(folder.resolve() / place.relative_to(folder))
    files = {name.upper(): place / name for name in sorted(names)}
    headers = {found[1].upper(): files[name] for name in files if (found := ICS.fullmatch(name))}
    images = {
        found[1].upper().replace("_", "-") for name in files if (found := IMAGE.fullmatch(name))
    }
    for name in sorted(headers.keys() | images):
        if name in headers:
            faults = tuple(_faults(headers[name], files, folder))
        else:
            missing = str(place.relative_to(folder) / f"{name}.ics")
            faults = (Fault(missing, "is missing", used=True),)
        yield Case(volume, name, faults)
    if not (headers or images) and FOLDER.fullmatch(place.name):
        empty = Fault(str(place.relative_to(folder)), "has neither .ics nor images", used=True)
        yield Case(volume, place.name, (empty,))


def _volume(place: Path) -> str:
    """Return the volume that a folder is in, be its name in capitals or have words before it."""
    for part in reversed(place.parts):
        ends = [name for name in VOLUMES if re.fullmatch(rf"(.*_)?{name}", part, IN_CAPITALS)]
        if ends:
            return max(ends, key=len)
    return ""


def _faults(ics: Path, files: dict[str, Path], folder: Path) -> Iterator[Fault]:
    """Yield what is wrong with the files of a case; `files` are those beside its .ics."""

    def fault(path: Path, text: object, *, used: bool) -> Fault:
        told = str(text).removeprefix(f"{path}:").strip()
        return Fault(str(path.relative_to(folder)), told, used)

    try:
        case = ddsm.read_ics(ics)
    except CamsegError as error:
        yield fault(ics, error, used=True)
        return
    for name, text in case.faults.items():
        yield fault(ics, text, used=name.endswith("_CC"))
    for name, view in case.views.items():
        used = name.endswith("_CC")
        stem = f"{case.case_id.replace('-', '_')}.{name}"
        for kind, said in (("LJPEG", ""), ("OVERLAY", ", which the .ics announces")):
            plain = files.get(f"{stem}.{kind}".upper())
            packed = files.get(f"{stem}.{kind}.GZ".upper())
            if plain and packed:
                yield fault(packed, "lies beside the unpacked file, which is read", used=False)
            path = plain or packed
            try:
                if path and kind == "LJPEG":
                    _check_image(path, view)
                elif path:
                    ddsm.read_overlay(path)
                elif kind == "LJPEG" or view.overlay:
                    yield fault(ics.parent / f"{stem}.{kind}", f"is missing{said}", used=used)
            except CamsegError as error:
                yield fault(path or ics, error, used=used)


def _check_image(path: Path, view: ddsm.View) -> None:
    """Raise CamsegError unless an image begins and ends as the one of its view."""
    head = ddsm.read_bytes(path, ddsm.LJPEG_LIMIT, head=HEADER_BYTES)
    if not head:
        raise CamsegError("is empty")
    ddsm.check_header(ljpeg.read_header(head), view.shape)
    if path.suffix.lower() == ".gz":
        return
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - TAIL, 0))
        if END not in file.read():
            raise CamsegError(f"is cut short: its last {TAIL} bytes have no end-of-image marker")


def summary(cases: list[Case]) -> list[str]:
    """Return lines that say how much of the DDSM is there, what is missing and what is wrong."""
    of_volume = _by_volume(cases)
    here = [name for name in VOLUMES if name in of_volume]
    whole, usable = sum(not case.faults for case in cases), sum(case.usable for case in cases)
    lines = [
        f"{len(here)} of {len(VOLUMES)} volumes, {len(cases)} cases: {whole} whole, "
        f"{usable - whole} whole but for files that are not used, {len(cases) - usable} not"
    ]
    for name in [*here, *of_volume.keys() - VOLUMES.keys()]:
        some = of_volume[name]
        count = f"{_count(some)} of {VOLUMES[name]}" if name else f"{_count(some)}"
        faulty = sum(not case.usable for case in some)
        lines.append(
            f"{name or 'in no folder of a volume'}: {count} cases"
            + (f", {faulty} of them not whole" if faulty else "")
        )
    if missing := _runs(set(VOLUMES) - set(here)):
        lines.append(f"missing: {', '.join(missing)}")
    for used, told in ((True, ""), (False, ", not used")):
        faults = [(f.file, f.text) for case in cases for f in case.faults if f.used == used]
        lines += [f"{e.count} files{told}: {e.text} (e.g. {e.name})" for e in by_kind(faults)]
    return lines


def _by_volume(cases: Iterable[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.volume, []).append(case)
    return found


def _runs(names: set[str]) -> list[str]:
    """Return volumes in order, those that follow each other as one text: cancer_02 to cancer_15."""
    runs: list[list[str]] = []
    for kind, volumes in LISTED.items():
        last = ""
        for name in (f"{kind}_{number:02d}" for number in range(1, len(volumes) + 1)):
            if name in names and last in names:
                runs[-1].append(name)
            elif name in names:
                runs.append([name])
            last = name
    return [run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]


def _count(cases: list[Case]) -> int:
    """Return how many cases these are: a copy of one counts once."""
    return len({case.name for case in cases})


def table(cases: list[Case]) -> pd.DataFrame:
    """Return a row for every volume of which cases are missing, and for every fault: COLUMNS."""
    of_volume = _by_volume(cases)
    rows = [
        (name, "", "", "", f"{_count(of_volume.get(name, []))} of {listed} cases are here")
        for name, listed in VOLUMES.items()
        if _count(of_volume.get(name, [])) < listed
    ]
    rows += [
        (case.volume, case.name, fault.file, "yes" if fault.used else "no", fault.text)
        for case in cases
        for fault in case.faults
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
