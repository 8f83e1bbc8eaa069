"""How large the explorer of a large study is, and how soon a browser paints it.

    python benchmarks/bench_explorer.py results/phantom [--rois 622]

The ROIs of a finished study, repeated until they are as many, with all its models and explanations;
in a Chromium without a window that opens the page from disk. The time to the first paint counts
from the start of loading; the CPU time is that of the page's main thread until a ROI is shown.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import numpy as np

from camseg.explorer import findings, page
from finding import skip, span, tell

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
NAMES = ("page.html", "page.css", "unpack.js", "state.js", "draw.js", "view.js")


def repeat(data: dict, count: int, shards: int) -> None:
    """Repeat the ROIs in what an explorer's page is given, each time in shards of their own."""
    found = len(data["rois"]["id"])
    rows = [divmod(number, found) for number in range(count)]
    for name, values in data["rois"].items():
        data["rois"][name] = [values[row] for _, row in rows]
    data["rois"]["id"] = [f"{data['rois']['id'][n]}.{turn}" for n, (turn, _) in enumerate(rows)]
    places = zip(rows, data["rois"]["place"], strict=True)
    data["rois"]["place"] = [[turn * shards + shard, row] for (turn, _), (shard, row) in places]
    data["splits"] = {
        name: "".join(sides[row] for _, row in rows) for name, sides in data["splits"].items()
    }
    for each in data["sets"]:
        each |= {name: [each[name][row] for _, row in rows] for name in ("dice", "placement")}
    for each in data["trainings"]:
        each["probability"] = [each["probability"][row] for _, row in rows]
    data["across"] = page.per_row(count)


def write(results: Path, folder: Path, count: int) -> float:
    """Write the explorer of `count` ROIs to a folder; return its size, MB."""
    text = (results / "explorer/index.html").read_text(encoding="utf-8")
    given = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert given
    data = json.loads(given[1])
    shards = [results / f"rois/shard-{n}.h5" for n in range(len(list(results.glob("rois/*.h5"))))]
    rois, _ = findings.read_study(shards)
    turns = -(-count // len(rois))
    repeat(data, count, len(shards))
    shown = data.pop("shown")
    pictures = page.small_pictures(rois.take(np.arange(count) % len(rois)))
    files = [ROOT / "scripts/camseg/explorer" / name for name in NAMES]
    text = page.render(files, data, shown, pictures, pictures)
    (folder / "index.html").write_text(text, encoding="utf-8")
    for shard in range(len(shards)):
        script = (results / f"explorer/rois-{shard}.js").read_text(encoding="utf-8")
        for turn in range(turns):
            number = turn * len(shards) + shard
            named = script.replace(f"take({shard},", f"take({number},", 1)
            (folder / f"rois-{number}.js").write_text(named, encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.glob("rois-*.js")) * count
    size = size // (turns * len(rois)) + len(text)
    print(f"{count} ROIs, {len(data['sets'])} sets of maps: {size / 1e6:.1f} MB,")
    print(f"of which {len(text) / 1e6:.1f} MB are the page that is painted first")
    return size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a finished study's results")
    parser.add_argument("--rois", type=int, default=622)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        skip("no Chromium")
    if not (args.results / "explorer/index.html").is_file():
        skip(f"no finished study in {args.results}")
    from playwright.sync_api import sync_playwright  # which users need not have

    paints, seconds = [], []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        size = write(args.results, Path(folder), args.rois)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            session = tab.context.new_cdp_session(tab)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            tab.goto((Path(folder) / "index.html").as_uri())
            tab.wait_for_selector("html[data-shown]")
            metrics = session.send("Performance.getMetrics")["metrics"]
            (cpu,) = (each["value"] for each in metrics if each["name"] == "ThreadTime")
            paint = tab.evaluate("performance.getEntriesByType('paint')[0].startTime")
            print(f"first paint after {paint / 1000:.2f} s; {cpu:.2f} s of CPU till a ROI is shown")
            paints.append(paint / 1000)
            seconds.append(cpu)
            tab.close()
        browser.close()
    tell(
        f"{args.rois} ROIs: {size:.1f} MB; first paint after {span(paints)} s, {span(seconds)} s "
        "of CPU till a ROI is shown"
    )


if __name__ == "__main__":
    main()
