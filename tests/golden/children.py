"""The processes that record: their environment, their entry points, and what is taken out of their texts."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURE = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")
ADDRESS = re.compile(r"0x[0-9a-f]{8,}")
MOMENT = re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ,]+\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00| UTC)?)?")
SECONDS = re.compile(r"\b\d+(?:\.\d+)? (?:s|ms|seconds|minutes)\b(?= (?:ago|left))")


def environment(work: Path) -> dict[str, str]:
    """Of a process that records: one thread, this checkout, its own entry points, and a folder that the app opens.

    Args:
        work: A folder of its own.
    """
    before = os.environ.get("PYTHONPATH", "")
    places = (described(work / "metadata"), ROOT, ROOT / "app", *filter(None, before.split(os.pathsep)))
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, places)),
        "PYTHONHASHSEED": "0",
        "PICO_FOLDERS": os.pathsep.join(map(str, (work, ROOT))),
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
        "COLUMNS": "110",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }


def described(folder: Path) -> Path:
    """A folder that tells Python of this checkout's commands, whichever checkout is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    place = folder / f"pico_lens-{project['version']}.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    told = f"Metadata-Version: 2.1\nName: pico-lens\nVersion: {project['version']}\n"
    (place / "METADATA").write_text(told, encoding="utf-8")
    groups = {"console_scripts": project.get("scripts", {})} | project.get("entry-points", {})
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in points.items()) for group, points in groups.items()]
    (place / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def started(part: str, target: Path, work: Path) -> subprocess.Popen[bytes]:
    """Begin to record a part in a process of its own."""
    work.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.golden", "part", part, str(target)]
    with (work / "log.txt").open("wb") as log:
        where = environment(work) | {"GOLDEN_WORK": str(work)}
        return subprocess.Popen(command, cwd=ROOT, env=where, stdout=log, stderr=log)


def scrubbed(text: str) -> str:
    """A text without moments, places of this machine and addresses of memory; pictures become their size and digest."""
    from tests.golden.compacting import digest

    for name, place in (("<work>", os.environ.get("GOLDEN_WORK", "")), ("<root>", str(ROOT))):
        text = text.replace(place, name) if place else text
    text = PICTURE.sub(lambda found: f"<picture {len(found[0])} {digest(found[0])}>", text)
    return SECONDS.sub("<time>", ADDRESS.sub("<address>", MOMENT.sub("<moment>", text)))
