"""The built page: files packed beforehand, served from memory."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.web.answers import error

# WATCHKEEPER_PAGE names another build while the page is worked on.
FOLDER = Path(os.environ.get("WATCHKEEPER_PAGE") or Path(__file__).parent / "static")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
PACKED = {"br": ".br", "gzip": ".gz"}
FOREVER = "public, max-age=31536000, immutable"
NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Watchkeeper</title><h1>The page is not built</h1>"
    "<p>Run <code>make setup</code> in the project, or <code>npm ci && npm run build</code> in "
    "<code>packages/watchkeeper/page</code>. The API answers meanwhile: "
    "<a href=/api/overview>/api/overview</a>.</p>"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and its packed forms by content coding."""

    kind: str
    plain: bytes
    packed: dict[str, bytes]
    etag: str


class Assets:
    """The files of the built page by URL path. Read at the first request, and again until one exists."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._files: dict[str, Asset] = {}

    def files(self) -> dict[str, Asset]:
        if not self._files and self._folder.is_dir():
            self._files = {name_of(path, self._folder): read(path) for path in served(self._folder)}
        return self._files

    async def page(self, request: Request) -> Response:
        """Answer the page itself; a browser asks each time whether it changed."""
        asset = self.files().get("index.html")
        if asset is None:
            return Response(NOT_BUILT, 200, {"Cache-Control": "no-store"}, "text/html; charset=utf-8")
        return answer(request, asset, "no-cache")

    async def file(self, request: Request) -> Response:
        """Answer a file of the page; names under assets/ change with the content, so they keep forever."""
        path = request.url.path.lstrip("/")
        asset = self.files().get(path)
        if asset is None:
            return error(404, f"nothing is at {request.url.path[:200]}")
        return answer(request, asset, FOREVER if path.startswith("assets/") else "max-age=3600")


def served(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in KINDS)


def name_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def read(path: Path) -> Asset:
    packed = {
        coding: path.with_name(path.name + suffix).read_bytes()
        for coding, suffix in PACKED.items()
        if path.with_name(path.name + suffix).exists()
    }
    plain = path.read_bytes()
    return Asset(KINDS[path.suffix], plain, packed, f'"{hashlib.sha256(plain).hexdigest()[:20]}"')


def answer(request: Request, asset: Asset, cache: str) -> Response:
    """Return a file in the best form that the browser takes, or 304 where it has it."""
    headers = {
        "Cache-Control": cache,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
        "Content-Type": asset.kind,
    }
    if request.headers.get("if-none-match") == asset.etag:
        return Response(b"", 304, headers)
    taken = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for coding in PACKED:
        if coding in taken and coding in asset.packed:
            return Response(asset.packed[coding], 200, headers | {"Content-Encoding": coding})
    return Response(asset.plain, 200, headers)
