"""Packing the built page."""

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

PACKER = Path(__file__).resolve().parents[3] / "page" / "compress.mjs"


def test_the_page_is_packed_in_a_checkout_with_any_name(tmp_path: Path) -> None:
    """Blanks, percent signs and letters beyond ASCII are usual in the names of folders."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on the PATH")
    package = tmp_path / "my bots 100% für mich" / "watchkeeper"
    static = package / "src" / "watchkeeper" / "keeper" / "web" / "static"
    static.mkdir(parents=True)
    (static / "index.html").write_text("<title>page</title>")
    (package / "page").mkdir()
    shutil.copy(PACKER, package / "page")
    subprocess.run([node, "compress.mjs"], cwd=package / "page", check=True, timeout=60, capture_output=True)
    assert gzip.decompress((static / "index.html.gz").read_bytes()) == b"<title>page</title>"
    assert (static / "index.html.br").exists()
