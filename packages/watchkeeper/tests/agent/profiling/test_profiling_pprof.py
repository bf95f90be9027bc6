"""The wire format: what is written is read back, nonsense is an error, the schema knows all of it."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.agent.profiling import protobuf
from watchkeeper.agent.profiling.pprof import message, written
from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Frame, Kind, Profile, added, flat, merged
from watchkeeper.agent.profiling.reading import BadProfile, read

SCHEMA = Path(__file__).resolve().parents[6] / "shared" / "data" / "pprof" / "profile.proto"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
COUNTS = st.integers(0, 2**53)
FRAMES = st.builds(Frame, TEXTS.filter(bool), TEXTS, COUNTS, COUNTS)
LABELS = st.lists(st.tuples(TEXTS.filter(bool), TEXTS.filter(bool)), max_size=2).map(tuple)
PLACES = st.tuples(st.lists(FRAMES, max_size=5).map(tuple), LABELS)
PROFILES = st.builds(
    Profile,
    kinds=st.just((SAMPLES, CPU)),
    amounts=st.dictionaries(PLACES, st.tuples(NUMBERS, NUMBERS), max_size=6),
    began=COUNTS,
    duration=COUNTS,
    period_kind=st.none() | st.just(CPU),
    period=COUNTS,
    preferred=TEXTS,
    comments=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(PROFILES)
def test_a_profile_that_is_written_is_read_back_the_same(profile: Profile) -> None:
    assert read(written(profile)) == profile
    assert read(message(profile)) == profile


@given(st.integers(0, 2**64 - 1))
def test_every_number_of_64_bits_is_read_back(value: int) -> None:
    assert protobuf.read_varint(protobuf.varint(value), 0) == (value, len(protobuf.varint(value)))


@given(NUMBERS)
def test_negative_numbers_are_twos_complements(value: int) -> None:
    assert protobuf.signed(protobuf.read_varint(protobuf.varint(value), 0)[0]) == value


@given(st.binary(max_size=200))
def test_bytes_that_are_no_profile_are_an_error_and_nothing_worse(data: bytes) -> None:
    try:
        read(data)
    except BadProfile:
        pass


@given(PROFILES, st.data())
@settings(max_examples=50)
def test_a_profile_that_is_cut_off_is_an_error(profile: Profile, data: st.DataObject) -> None:
    whole = written(profile)
    with pytest.raises(BadProfile):
        read(whole[: data.draw(st.integers(3, len(whole) - 1))])


def test_a_bomb_of_zeros_is_refused() -> None:
    """A small file that grows beyond the limit is not unpacked whole."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(65)) + packer.flush()
    with pytest.raises(BadProfile, match="larger"):
        read(data)


@given(st.lists(PROFILES, min_size=1, max_size=4))
def test_totals_of_a_merger_are_the_sums_of_the_totals(profiles: list[Profile]) -> None:
    whole = merged(profiles).totals()
    assert whole == tuple(sum(one.totals()[column] for one in profiles) for column in (0, 1))


def test_profiles_of_different_kinds_do_not_merge() -> None:
    with pytest.raises(ValueError, match="different kinds"):
        merged([Profile((CPU,)), Profile((SAMPLES,))])


def test_a_function_that_calls_itself_counts_once_per_sample() -> None:
    amounts: dict[object, object] = {}
    inner, outer = Frame("f", "a", 2), Frame("f", "a", 1)
    added(amounts, ((inner, outer, Frame("main", "a", 9)), ()), (3,))  # type: ignore[arg-type]
    profile = Profile((SAMPLES,), amounts)  # type: ignore[arg-type]
    assert flat(profile, 0) == {"f": (3, 3), "main": (0, 3)}


def schema() -> dict[str, dict[int, tuple[str, str]]]:
    """Read the published schema: per message the type and name of each field by its number."""
    messages: dict[str, dict[int, tuple[str, str]]] = {}
    for name, body in re.findall(r"^message (\w+) \{(.*?)^\}", SCHEMA.read_text(), re.MULTILINE | re.DOTALL):
        rows = re.findall(r"^\s+(?:repeated )?(\w+) (\w+) = (\d+);", body, re.MULTILINE)
        messages[name] = {int(number): (kind, field) for kind, field, number in rows}
    return messages


def named(data: bytes, message: str, known: dict[str, dict[int, tuple[str, str]]]) -> Iterator[str]:
    """Yield the names of all fields of a message and of those in it; fail on one that the schema lacks."""
    for number, content in protobuf.fields(data):
        kind, name = known[message][number]
        yield f"{message}.{name}"
        if kind in known:
            assert isinstance(content, bytes)
            yield from named(content, kind, known)


@pytest.mark.skipif(not SCHEMA.exists(), reason="../shared/data is absent")
def test_every_field_that_we_write_is_in_the_published_schema() -> None:
    """Walk a full profile by the schema's own types: all that it tells lies where the schema has it."""
    place = ((Frame("f", "x.py", 3, 1),), (("k", "v"),))
    profile = Profile((Kind("a", "b"),), {place: (-5,)}, 7, 8, CPU, 9, "a", ("c",))
    found = set(named(message(profile), "Profile", schema()))
    fields = ("time_nanos", "duration_nanos", "period", "period_type", "comment", "default_sample_type")
    assert {f"Profile.{name}" for name in fields} <= found
    assert {"Sample.location_id", "Sample.value", "Label.key", "Label.str", "Line.line"} <= found
    assert {"Function.name", "Function.filename", "Function.start_line", "Mapping.has_functions"} <= found
