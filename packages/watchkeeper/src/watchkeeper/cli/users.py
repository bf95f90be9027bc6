"""`watchkeeper users`: see, make and let in again the keeper's users, by its data folder.

Works while the keeper runs and while it does not. Whoever may write the folder may do it, so it is the way
back in for an admin who has forgotten a password. Each change is a row of the trail, with the system's user
as actor.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.people import People

NAME = "users"
HELP = "list the keeper's users, make one, or give one another password"
FILE = "people.db"
ROLES = ("viewer", "operator", "admin")  # those of keeper.people, which takes a while to import
# As an HTTP status, since the trail's rows have one.
DONE, REFUSED, FAILED = 200, 400, 503


class Unusable(Exception):
    """There is no such folder, file or configuration; the text says which."""


def arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    listing = deeds.add_parser("list", help="show all users")
    adding = deeds.add_parser(
        "add", help="make a user; the password is asked for, or read from standard input"
    )
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", choices=ROLES, default="viewer", help="(%(default)s)")
    resetting = deeds.add_parser("reset", help="give a user another password and end the sessions")
    resetting.add_argument("name", metavar="NAME")
    resetting.add_argument("--enable", action="store_true", help="let a disabled user log in again, too")
    for one in (listing, adding, resetting):
        one.add_argument("--config", default="keeper.yaml", metavar="FILE", help="keeper.yaml (%(default)s)")
        one.add_argument("--data", metavar="FOLDER", help="data folder, instead of the file's")


def run(given: argparse.Namespace) -> int:
    """Return 0, 1 where the deed was refused or failed, 2 where there is nothing to do it to."""
    from watchkeeper.keeper.people import People, PeopleError

    try:
        folder = folder_of(given)
        with closing(People.open(folder, time.time)) as people:
            DEEDS[given.deed](people, given)
    except Unusable as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    except PeopleError as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 1
    return 0


def folder_of(given: argparse.Namespace) -> Path:
    """Return the data folder; raise Unusable. It is not made: it has to belong to the keeper's own user."""
    folder = Path(given.data) if given.data else configured(Path(given.config))
    if not folder.is_dir():
        raise Unusable(f"there is no folder {folder}: the keeper makes it when it first starts")
    file = folder / FILE
    if not file.exists():
        if given.deed != "add":
            raise Unusable(f"no users are kept in {folder}")
        make(file)
    return folder


def configured(path: Path) -> Path:
    from watchkeeper.keeper.config import ConfigError, load

    try:
        return path.resolve().parent / load(path).data
    except ConfigError as error:
        raise Unusable(str(error)) from error


def make(file: Path) -> None:
    """Make the empty file; by root's hand it still belongs to the folder's owner, who will run the keeper."""
    try:
        file.touch(mode=0o600)
        if os.geteuid() == 0:
            owner = file.parent.stat()
            os.chown(file, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise Unusable(f"cannot make {file}: {error.strerror or error}") from error


def show(people: People, given: argparse.Namespace) -> None:
    """Print the users, one a line."""
    rows = [(user.name, user.role, "disabled" if user.disabled else "") for user in people.accounts.all()]
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, role, note in rows:
        sys.stdout.write(f"{name:<{width}}  {role:<8}  {note}".rstrip() + "\n")


def add(people: People, given: argparse.Namespace) -> None:
    """Make a user; raises PeopleError."""
    accounts, password = people.accounts, asked_for(given.name)
    recorded(people, given, lambda: accounts.add(given.name, given.role, password), f"role {given.role}")
    sys.stdout.write(f"{given.name} may log in as {given.role}\n")


def reset(people: People, given: argparse.Namespace) -> None:
    """Give a user another password; raises PeopleError."""
    accounts = people.accounts
    accounts.get(given.name)  # before somebody thinks of a password
    password = asked_for(given.name)

    def change() -> None:
        accounts.set_password(given.name, password)
        if given.enable:
            accounts.set_disabled(given.name, False)

    recorded(people, given, change, "password, enabled" if given.enable else "password")
    left = "" if not accounts.get(given.name).disabled else "; still disabled: --enable lets them in"
    sys.stdout.write(f"{given.name} has another password, and all sessions are ended{left}\n")


DEEDS: dict[str, Callable[[People, argparse.Namespace], None]] = {"list": show, "add": add, "reset": reset}


def recorded(people: People, given: argparse.Namespace, deed: Callable[[], object], reason: str) -> None:
    """Do a deed between the two halves of its row, as the API does; raises PeopleError."""
    from watchkeeper.keeper.people import PeopleError, PeopleUnwritable

    resource, correlation = f"/api/users/{given.name}", secrets.token_hex(8)
    row = people.trail.begin("users", actor(), "command", "", given.deed, resource, correlation)
    try:
        deed()
    except PeopleError as error:
        people.trail.end(row, FAILED if isinstance(error, PeopleUnwritable) else REFUSED, str(error))
        raise
    people.trail.end(row, DONE, reason)


def actor() -> str:
    """Return who does it: the system's user, behind sudo the one who used it."""
    import getpass

    try:
        return f"system:{os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name
        return f"system:{os.getuid()}"


def asked_for(name: str) -> str:
    """Return a new password: asked for twice at a terminal, else the first line of standard input.

    Never an argument: those are seen by everybody on the machine. Raises Unusable.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise Unusable("the two passwords differ")
    return password
