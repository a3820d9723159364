"""Where the files lie that come with the program and are not code."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def assets_of(package: Path) -> Path:
    """Folder of the built-in demos, results and the small encoder.

    An installed package holds it. In a checkout `pico_core/assets` is a link to the folder beside
    the package; where a checkout has no links, as on Windows, the folder itself is taken.

    Args:
        package: Folder of `pico_core`.

    >>> sorted(path.name for path in assets_of(PACKAGE).iterdir())
    ['experiments', 'planted', 'scenes']
    """
    inside = package / "assets"
    return (inside if inside.is_dir() else package.parent / "assets").resolve()


ASSETS = assets_of(PACKAGE)
