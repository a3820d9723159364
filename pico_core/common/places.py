"""Where the files lie that come with the program and are not code."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


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


def assets_of_checkout(package: Path) -> Path | None:
    """The same folder where it is the project's own, beside the package; None where an installer put it in place.

    Args:
        package: Folder of `pico_core`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as site:
    ...     assets_of_checkout(Path(site) / "pico_core") is None
    True
    """
    outside = (package.parent / "assets").resolve()
    checkout = assets_of(package) == outside and (package.parent / "pyproject.toml").is_file()
    return outside if checkout else None


ASSETS = assets_of(PACKAGE)
