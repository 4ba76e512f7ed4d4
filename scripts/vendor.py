"""Fetch the browser code that is kept in the tree, at fixed versions, with its licences.

Run ``python scripts/vendor.py`` with npm on the path; commit what changes.
"""

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static" / "vendor"
TESTS = ROOT / "tests" / "vendor"
HTMX, LUCIDE, AXE = "htmx.org@4.0.1", "lucide-static@1.62.0", "axe-core@4.14.1"
SORTABLE = "sortablejs@1.15.7"

ICONS = (ROOT / "scripts" / "icons.txt").read_text().split()


def package(name: str, folder: Path) -> Path:
    """Unpack one npm package and return its root."""
    run = ["npm", "pack", "--silent", "--pack-destination", str(folder), name]
    archive = subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    target = folder / name
    with tarfile.open(folder / archive) as packed:
        packed.extractall(target, filter="data")
    return target / "package"


def keep(source: Path, target: Path) -> None:
    """Copy a script; its source map stays behind, and hashed static names would trip over it."""
    text = re.sub(r"^//# sourceMappingURL=.*$\n?", "", source.read_text(), flags=re.MULTILINE)
    target.write_text(text.rstrip() + "\n")


def symbol(icon: Path) -> str:
    drawing = re.search(r"<svg[^>]*>(.*)</svg>", icon.read_text(), re.DOTALL)
    if drawing is None:
        raise SystemExit(f"{icon} is not a drawing.")
    shapes = " ".join(drawing[1].split()).replace("> <", "><").replace(" />", "/>")
    return f'<symbol id="{icon.stem}" viewBox="0 0 24 24">{shapes}</symbol>'


def sprite(icons: Path) -> str:
    symbols = "\n".join(symbol(icons / f"{name}.svg") for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def main() -> None:
    STATIC.mkdir(parents=True, exist_ok=True)
    TESTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        htmx, lucide, axe = (package(name, Path(folder)) for name in (HTMX, LUCIDE, AXE))
        keep(htmx / "dist" / "htmx.min.js", STATIC / "htmx.js")
        keep(axe / "axe.min.js", TESTS / "axe.min.js")
        (STATIC / "lucide.svg").write_text(sprite(lucide / "icons"))
        keep(htmx / "LICENSE", STATIC / "htmx.LICENSE")
        keep(lucide / "LICENSE", STATIC / "lucide.LICENSE")
        keep(axe / "LICENSE", TESTS / "axe.LICENSE")
        sortable = package(SORTABLE, Path(folder))
        keep(sortable / "Sortable.min.js", STATIC / "sortable.js")
        keep(sortable / "LICENSE", STATIC / "sortable.LICENSE")


if __name__ == "__main__":
    main()
