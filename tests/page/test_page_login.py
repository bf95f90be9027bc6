"""The door: the first user, roles, what a viewer is told, users, tokens, the trail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, keeper_alone: Callable[[Path], Any]) -> Iterator[Any]:
    """Yield a keeper without users that nobody else looks at."""
    made = keeper_alone(tmp_path_factory.mktemp("fresh"))
    yield made
    made.close()


def test_the_first_user_is_made_with_the_code_of_the_log(fresh: Any, open_page: Any, picture: Any) -> None:
    """A wrong code is refused in words; the right one makes an admin and logs in; there is no default."""
    shown = open_page(fresh, "#/login")
    shown.get_by_role("heading", name="Make the first user").wait_for()
    picture(shown, "first-user")
    shown.fill("#setup [name=code]", "AAAA-AAAA-AA")
    shown.fill("#setup [name=name]", "ann")
    shown.fill("#setup [name=password]", "correct horse battery")
    shown.click("#setup button[type=submit]")
    shown.wait_for_selector("#setup .wrong:not(:empty)")
    assert "code" in shown.inner_text("#setup .wrong")
    shown.fill("#setup [name=code]", fresh.setup_code())
    shown.click("#setup button[type=submit]")
    shown.wait_for_selector("#visitor small")
    assert shown.inner_text("#visitor small") == "admin"
    shown.wait_for_selector(".room.overview #overall[data-status]")


def test_a_stranger_is_led_to_the_login_and_back(guarded: Any, open_page: Any, log_in: Any) -> None:
    """Where people have logins nothing is shown without one; afterwards one is where one wanted to be."""
    shown = open_page(guarded, "#/keeper")
    shown.wait_for_selector("#login")
    assert "arbbot" not in shown.inner_text("body")
    shown.fill("#login [name=name]", "ann")
    shown.fill("#login [name=password]", "not the right one")
    shown.click("#login button[type=submit]")
    shown.wait_for_selector("#login .wrong:not(:empty)")
    log_in(shown, "ann")
    shown.wait_for_selector(".room.keeper #overall[data-status]")
    assert shown.inner_text("#link") == "live"


def test_a_viewer_is_told_why_not(guarded: Any, open_page: Any, log_in: Any) -> None:
    """No way to the users in the bar; by its address the page says who may."""
    shown = open_page(guarded, "#/")
    log_in(shown, "vera")
    shown.wait_for_selector("#overall[data-status]")
    assert shown.locator("#rooms [data-route=users]").count() == 0
    shown.evaluate("() => { location.hash = '#/users'; }")
    shown.get_by_text("You are viewer; this needs an admin").wait_for()


def test_an_admin_makes_changes_and_removes_a_user(
    guarded: Any, open_page: Any, log_in: Any, picture: Any
) -> None:
    """Each step is kept by the keeper, seen in the table, and a row of the trail."""
    shown = open_page(guarded, "#/users")
    log_in(shown, "ann")
    shown.wait_for_selector("#people [data-user=vera]")
    shown.fill("#newuser [name=name]", "otto")
    shown.fill("#newuser [name=password]", "a long enough one")
    shown.click("#newuser button[type=submit]")
    shown.wait_for_selector("#people [data-user=otto]")
    shown.select_option("#people [data-user=otto] select", "operator")
    shown.get_by_text("otto is operator now").wait_for()
    picture(shown, "users")
    remove = shown.locator("#people [data-user=otto]").get_by_role("button", name=re.compile("Remove"))
    remove.click()
    remove.click()
    shown.wait_for_selector("#people [data-user=otto]", state="detached")
    shown.reload()
    shown.wait_for_selector("#trail tbody tr")
    trail = shown.inner_text("#trail")
    assert "/api/users/otto" in trail and "ann" in trail


def test_the_last_admin_stays(guarded: Any, open_page: Any, log_in: Any) -> None:
    """What the keeper refuses is told in its words, and the table shows what is."""
    shown = open_page(guarded, "#/users")
    log_in(shown, "ann")
    shown.select_option("#people [data-user=ann] select", "viewer")
    shown.wait_for_selector(".saying.bad")
    assert "admin" in shown.inner_text(".saying.bad")
    shown.wait_for_function("() => document.querySelector('[data-user=ann] select').value === 'admin'")


def test_a_token_is_told_once(guarded: Any, open_page: Any, log_in: Any) -> None:
    """After a reload its name and scopes are left, its secret is not."""
    shown = open_page(guarded, "#/login")
    log_in(shown, "oliver")
    shown.evaluate("() => { location.hash = '#/login'; }")
    shown.fill("#newtoken [name=name]", "backup")
    shown.click("#newtoken button[type=submit]")
    shown.wait_for_selector(".secret")
    secret = shown.inner_text(".secret")
    assert re.fullmatch(r"wk_\w+_\S+", secret)
    shown.reload()
    shown.get_by_role("cell", name="backup").wait_for()
    assert secret not in shown.content()


def test_logging_out_ends_the_stream_and_what_was_shown(guarded: Any, open_page: Any, log_in: Any) -> None:
    """Nothing of the bots is on the page any more."""
    shown = open_page(guarded, "#/")
    log_in(shown, "vera")
    shown.wait_for_selector("#overall[data-status]")
    shown.evaluate("() => { location.hash = '#/login'; }")
    shown.click("#logout")
    shown.wait_for_selector("#login")
    assert "arbbot" not in shown.inner_text("body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(
    guarded: Any, open_page: Any, log_in: Any, poor_contrast: Any, scheme: str
) -> None:
    """Contrast of at least 4.5 to 1 on the users' page."""
    shown = open_page(guarded, "#/users", color_scheme=scheme)
    log_in(shown, "ann")
    shown.wait_for_selector("#trail tbody tr")
    shown.wait_for_selector("#people [data-user=vera]")
    assert poor_contrast(shown) == []
