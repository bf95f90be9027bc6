"""Open what people bring to a keeper and look at: users, boards, profiles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from watchkeeper.keeper.access import on_loopback
from watchkeeper.keeper.agents import Agents
from watchkeeper.keeper.config import Config
from watchkeeper.keeper.people import People, PeopleError
from watchkeeper.keeper.profiles import Fetching, ProfilesError, ProfileShelf
from watchkeeper.keeper.store import StoreError
from watchkeeper.keeper.web import Desk, Gallery, Policy, Shelf
from watchkeeper.keeper.web.boards import BoardsError

LOG = logging.getLogger("watchkeeper.keeper")


def policy_of(config: Config, token: bool) -> Policy:
    """Return who may do what; token is whether the keeper has one of its own."""
    access = config.access
    return Policy(
        anonymous=access.anonymous,
        programs=access.programs,
        loopback=not token and on_loopback(config.listen.address),
        secure_cookie=access.secure_cookie,
        session_seconds=float(access.session),
    )


def open_desk(
    config: Config, folder: Path, token: bool, clock: Callable[[], float], stack: AsyncExitStack
) -> Desk:
    """Open users and trail, to be closed with the stack; raises StoreError.

    Where there is no user yet, the log tells the code with which the first one is made.
    """
    policy = policy_of(config, token)
    try:
        people = People.open(folder, clock, policy.session_seconds)
    except PeopleError as error:
        raise StoreError(str(error)) from error
    stack.callback(people.close)
    desk = Desk(people, policy)
    stack.callback(desk.close)
    if not people.any():
        # A warning, so that no log level hides the only way in.
        LOG.warning("there are no users yet; the setup code for the first one is %s", people.setup_code)
    return desk


def open_shelf(folder: Path, clock: Callable[[], float], stack: AsyncExitStack) -> Shelf:
    """Open boards and annotations, to be closed with the stack; raises StoreError."""
    try:
        shelf = Shelf.open(folder, clock)
    except BoardsError as error:
        raise StoreError(str(error)) from error
    stack.callback(shelf.close)
    return shelf


def open_gallery(
    config: Config,
    folder: Path,
    roots: Callable[[], Mapping[str, str]],
    agents: Agents,
    clock: Callable[[], float],
    stack: AsyncExitStack,
) -> Gallery:
    """Open the profiles and what fetches them, to be closed with the stack; raises StoreError.

    roots gives that of each bot's agent, such as `http://127.0.0.1:9090`.
    """
    try:
        shelf = ProfileShelf.open(folder)
    except ProfilesError as error:
        raise StoreError(str(error)) from error
    stack.callback(shelf.close)
    fetching = Fetching(shelf, roots, clock, float(config.profiles.every), agents.get)
    gallery = Gallery(shelf, fetching)
    stack.callback(gallery.close)
    return gallery


def tidy(config: Config, people: People, gallery: Gallery, now: float) -> None:
    """Forget what is older than the settings say; a disk that is full is only said: the watch goes on."""
    try:
        people.trail.expire(now - float(config.access.audit))
        before = int((now - float(config.profiles.time)) * 1e9)
        gallery.shelf.expire(before, int(config.profiles.size))
    except (PeopleError, ProfilesError) as error:
        LOG.error("not tidied: %s", error)
