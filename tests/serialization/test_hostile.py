"""Damaged and malicious files: every one is refused with CheckpointError, and none runs anything."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import teletensor as tt
from teletensor_core.errors import CheckpointError

from tests.serialization.objects import same


def saved(obj, suffix, tmp_path):
    path = tmp_path / f"x.{suffix}"
    tt.save(obj, path)
    return path.read_bytes()


def load(data):
    return tt.load(io.BytesIO(data))


SMALL = {"a": tt.arange(3, dtype=tt.float32), "b": [tt.ones(2, dtype=tt.bool), "text", 7]}


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_cut_anywhere_is_refused(suffix, tmp_path):
    data = saved(SMALL, suffix, tmp_path)
    for end in range(len(data)):
        with pytest.raises(CheckpointError):
            load(data[:end])


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_with_one_byte_changed_is_refused_or_loads_the_same(suffix, tmp_path):
    """Padding and the zip's own extras may change; values, names and structure may not."""
    data = saved(SMALL, suffix, tmp_path)
    loaded = 0
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x55
        try:
            found = load(bytes(changed))
        except CheckpointError:
            continue
        loaded += 1
        if suffix == "pt":
            same(found, SMALL)
        else:
            # JSON has no checksum: a changed letter may be another name, but never other numbers.
            assert sum(x.numel() for x in _tensors(found)) in (0, 3, 5)
    assert loaded < len(data) / 2


def _tensors(obj):
    if isinstance(obj, tt.Tensor):
        return [obj]
    parts = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, (list, tuple, set)) else []
    return [x for part in parts for x in _tensors(part)]


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_with_something_behind_it_is_refused_or_loads_the_same(suffix, tmp_path):
    data = saved(SMALL, suffix, tmp_path) + b"more"
    if suffix == "safetensors":
        with pytest.raises(CheckpointError, match=r"4 follow|bytes of data"):
            load(data)
    else:
        same(load(data), SMALL)


def test_random_bytes_are_refused():
    random = np.random.RandomState(0)
    for size in (0, 1, 7, 8, 9, 100, 1000):
        for _ in range(20):
            with pytest.raises(CheckpointError):
                load(random.bytes(size))
    for start in (b"PK\x03\x04", b"PK\x05\x06", b"\x80\x02", b"\x80\x05", struct.pack("<Q", 50)):
        with pytest.raises(CheckpointError):
            load(start + random.bytes(200))


# -- safetensors -----------------------------------------------------------------------------------------------------


def safetensors(header, body=b"\0" * 8, size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def entry(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


HEADERS = {
    "no JSON": b"{nothing}",
    "no object": [1],
    "bad UTF-8": b'{"\xff": 1}',
    "UTF-16": json.dumps({"a": entry()}).encode("utf-16"),
    "deep nesting": b"[" * 100_000,
    "duplicate names": b'{"a": %(a)s, "a": %(a)s}' % {b"a": json.dumps(entry()).encode()},
    "duplicate fields": b'{"a": {"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}',
    "unknown dtype": {"a": entry("F7")},
    "dtype that is no text": {"a": entry(3)},
    "unknown field": {"a": entry(more=1)},
    "missing field": {"a": {"dtype": "F32", "shape": [2]}},
    "entry that is no object": {"a": 3},
    "negative size": {"a": entry(shape=(-2,))},
    "size that is a bool": {"a": entry(shape=(True, 2))},
    "size that is a float": {"a": entry(shape=(2.0,))},
    "huge size": {"a": entry(shape=(2**62,))},
    "empty but huge": {"a": entry(shape=(0, 2**61, 8), offsets=(0, 0)), "b": entry()},
    "too many dimensions": {"a": entry(shape=(1,) * 70 + (2,))},
    "huge number": b'{"a": {"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}',
    "too few bytes": {"a": entry(shape=(3,))},
    "too many bytes": {"a": entry(shape=(1,))},
    "backwards": {"a": entry(offsets=(8, 0))},
    "beyond the end": {"a": entry(offsets=(8, 16))},
    "overlap": {"a": entry(), "b": entry(shape=(1,), offsets=(4, 8))},
    "gap": {"a": entry(shape=(1,), offsets=(0, 4)), "b": entry("U8", (3,), (5, 8))},
    "gap at the start": {"a": entry(shape=(1,), offsets=(4, 8))},
    "data that belong to nobody": {"a": entry(shape=(1,), offsets=(0, 4))},
    "nothing": {},
    "metadata that is no object": {"__metadata__": 3, "a": entry()},
    "metadata that is no text": {"__metadata__": {"a": 3}, "a": entry()},
    "bool of many values": {"a": entry("BOOL", (8,))},
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_wrong_header_is_refused(name):
    body = bytes([0, 1, 2, 3, 4, 5, 6, 7]) if "bool" in name else b"\0" * 8
    with pytest.raises(CheckpointError, match=r"^the file cannot be loaded: "):
        load(safetensors(HEADERS[name], body))


@pytest.mark.parametrize("size", [0, 1, 2**20, 100_000_001, 2**40, 2**63, 2**64 - 1])
def test_a_wrong_header_length_is_refused(size):
    with pytest.raises(CheckpointError):
        load(safetensors({"a": entry()}, size=size))


@pytest.mark.parametrize("length", [0x280, 0x4B50, 0x580, 0x1F80])
def test_a_header_length_that_looks_like_another_format_is_none(length):
    text = json.dumps({"a": entry()}).encode().ljust(length)
    assert load(safetensors(text))["a"].tolist() == [0, 0]


STRUCTURES = {
    "no JSON": "{",
    "unknown node": '{"x": 1}',
    "number": "3",
    "missing tensor": '{"t": "b", "g": false}',
    "value that is no value": '{"v": []}',
    "key that is no key": '{"m": [[{"l": []}, {"v": 1}]]}',
    "items that are no pairs": '{"m": [[1]]}',
    "unknown dtype": '{"d": "float7"}',
    "unknown device": '{"e": "moon"}',
    "bytes that are none": '{"b": "***"}',
    "integer that requires grad": '{"t": "a", "g": true}',
    "deep": '{"l": [' * 20_000,
    "deep and whole": '{"l": [' * 20_000 + "]}" * 20_000,
    "duplicate": '{"v": 1, "v": 2}',
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_wrong_structure_is_refused(name):
    header = {"__metadata__": {"teletensor.structure": STRUCTURES[name]}, "a": entry("I32")}
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load(safetensors(header))


@pytest.mark.parametrize("key", ["devices", "pairs"])
@pytest.mark.parametrize("value", ["3", "[3]", '{"a": 3}', "{", '"a"'])
def test_wrong_metadata_are_refused_or_ignored(key, value):
    header = {"__metadata__": {f"teletensor.{key}": value}, "a": entry()}
    try:
        found = load(safetensors(header))
    except CheckpointError:
        return
    assert found["a"].shape == (2,)


def test_a_wrong_checksum_is_refused():
    header = {"__metadata__": {"teletensor.crc32": "1"}, "a": entry()}
    with pytest.raises(CheckpointError, match="checksum"):
        load(safetensors(header))


# -- PyTorch's files -------------------------------------------------------------------------------------------------


def archive(pickled, storages=(b"\0" * 8,), **options):
    """A file in PyTorch's form, with records as given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.get("compression", zipfile.ZIP_STORED)) as file:
        if pickled is not None:
            file.writestr("archive/data.pkl", pickled)
        for i, data in enumerate(storages):
            file.writestr(f"archive/data/{i}", data)
        for name, data in options.get("more", {}).items():
            file.writestr(f"archive/{name}", data)
    return buffer.getvalue()


class Evil:
    """An object whose pickle calls something."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def called(*args):
    raise AssertionError("the file ran something")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("function", [eval, print, called, __import__, getattr, open, bytes.fromhex])
def test_a_pickle_that_calls_something_is_refused(function, protocol, capsys):
    for obj in (Evil(function, "1"), [Evil(function, "1")], {"a": Evil(function, "1")}):
        with pytest.raises(CheckpointError):
            load(archive(pickle.dumps(obj, protocol=protocol)))
        with pytest.raises(CheckpointError):
            load(pickle.dumps(obj, protocol=protocol))
    assert capsys.readouterr().out == ""


def test_a_class_that_is_not_known_is_named():
    with pytest.raises(CheckpointError, match=r"it holds tests\.serialization\.test_hostile\.Evil, which is neither"):
        load(archive(b"\x80\x02ctests.serialization.test_hostile\nEvil\n."))


def tensor(storage=b"('storage'", numel=2, offset=0, size=(2,), stride=(1,), kind=b"FloatStorage"):
    """The opcodes of a tensor of storage 0."""

    def number(n):
        return (
            b"J" + struct.pack("<i", n) if -(2**31) <= n < 2**31 else b"\x8a\x09" + n.to_bytes(9, "little", signed=True)
        )

    def sizes(numbers):
        return b"(" + b"".join(map(number, numbers)) + b"t"

    place = b"(X\x07\0\0\0storagectorch\n" + kind + b"\nX\x01\0\0\0" + b"0X\x03\0\0\0cpu" + number(numel) + b"tQ"
    rest = number(offset) + sizes(size) + sizes(stride) + b"\x89ccollections\nOrderedDict\n)RtR"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + place + rest


def test_the_opcodes_above_are_those_of_a_tensor():
    assert load(archive(b"\x80\x02" + tensor() + b".")).tolist() == [0, 0]


TENSORS = {
    "larger than its storage": {"size": (3,)},
    "beyond its storage": {"offset": 1},
    "negative offset": {"offset": -1},
    "negative size": {"size": (-1,)},
    "negative stride": {"stride": (-1,)},
    "long stride": {"stride": (2,)},
    "huge stride": {"stride": (2**62,), "size": (2,)},
    "huge size of nothing": {"size": (0, 2**63), "stride": (1, 1)},
    "strides that do not fit": {"stride": (1, 1)},
    "repeated without end": {"size": (2**40,), "stride": (0,)},
    "storage of another size": {"numel": 3},
    "storage of negative size": {"numel": -1},
    "storage of another type": {"kind": b"DoubleStorage"},
    "storage of no type": {"kind": b"UntypedStorage"},
    "many dimensions": {"size": (1,) * 70, "stride": (1,) * 70},
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_that_is_not_within_its_storage_is_refused(name):
    with pytest.raises(CheckpointError):
        load(archive(b"\x80\x02" + tensor(**TENSORS[name]) + b"."))


def test_one_storage_shown_again_and_again_is_refused():
    storage = b"\0" * (4 << 20)
    one = tensor(numel=1 << 20, size=(1 << 20,))
    with pytest.raises(CheckpointError, match="do not fit into memory"):
        load(archive(b"\x80\x02](" + one * 200 + b"e.", [storage]))


PICKLES = {
    "nothing": b"",
    "no end": b"\x80\x02N",
    "an empty stack": b"\x80\x02.",
    "two values": b"\x80\x02NN.",
    "a mark": b"\x80\x02(.",
    "no mark": b"\x80\x02Nt.",
    "a short tuple": b"\x80\x02N\x86.",
    "a name": b"\x80\x02ctorch\nFloatStorage\n.",
    "a storage": tensor()[len(b"ctorch._utils\n_rebuild_tensor_v2\n(") :].split(b"tQ")[0] + b"tQ.",
    "an unknown memo": b"\x80\x02h\x05.",
    "a list that is none": b"\x80\x02N(Ne.",
    "a dict that is none": b"\x80\x02N(NNu.",
    "half an item": b"\x80\x02}(Nu.",
    "a key that is none": b"\x80\x02}(]Nu.",
    "a call of a dtype": b"\x80\x02ctorch\nfloat32\n)R.",
    "a call with a list": b"\x80\x02ccollections\nOrderedDict\n]R.",
    "too many arguments": b"\x80\x02ccollections\nOrderedDict\n(NNNtR.",
    "bytes in another coding": b"\x80\x02c_codecs\nencode\n(X\x01\0\0\0aX\x06\0\0\0rot-13tR.",
    "attributes of a state dict": b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\0\0\0itemsNsb.",
    "attributes of a tensor": b"\x80\x02" + tensor() + b"}X\x05\0\0\0_gradNsb.",
    "a text that is cut": b"\x80\x02X\xff\xff\xff\x7fab.",
    "a line without an end": b"\x80\x02ctorch",
    "an extension": b"\x80\x02\x82\x01.",
    "a new object": b"\x80\x02ccollections\nOrderedDict\n)\x81.",
    "an instance": b"(ios\nsystem\n.",
    "a future version": b"\x80\x63N.",
    "bad UTF-8": b"\x80\x02X\x01\0\0\0\xff.",
    "a size that is none": b"\x80\x02ctorch\nSize\n(Nt\x85R.",
    "a device that is none": b"\x80\x02ctorch\ndevice\nX\x04\0\0\0moon\x85R.",
    "a parameter of nothing": b"\x80\x02ctorch._utils\n_rebuild_parameter\n(N\x88NtR.",
}


@pytest.mark.parametrize("name", PICKLES)
def test_a_wrong_pickle_is_refused(name):
    with pytest.raises(CheckpointError, match=r"^the file cannot be loaded: "):
        load(archive(PICKLES[name]))


ARCHIVES = {
    "no pickle": archive(None),
    "no storage": archive(b"\x80\x02" + tensor() + b".", []),
    "compressed": archive(b"\x80\x02N.", compression=zipfile.ZIP_DEFLATED),
    "big-endian": archive(b"\x80\x02N.", more={"byteorder": b"big"}),
    "TorchScript": archive(b"\x80\x02N.", more={"constants.pkl": b"\x80\x02N."}),
    "devices that are none": archive(b"\x80\x02N.", more={".data/teletensor_devices": b"[]"}),
    "devices that are no JSON": archive(b"\x80\x02N.", more={".data/teletensor_devices": b"{"}),
    "bools of many values": archive(b"\x80\x02" + tensor(kind=b"BoolStorage") + b".", [b"\x01\x02"]),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_wrong_archive_is_refused(name):
    with pytest.raises(CheckpointError, match=r"^the file cannot be loaded: "):
        load(ARCHIVES[name])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_records_that_are_there_twice_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for _ in range(2):
            file.writestr("archive/data.pkl", b"\x80\x02N.")
    with pytest.raises(CheckpointError, match="there twice"):
        load(buffer.getvalue())


def test_records_that_overlap_are_refused():
    """A quoted-overlap bomb: many records in the directory, one set of data."""
    data = archive(b"\x80\x02N.", [b"\0" * 100_000])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = {info.filename: info for info in file.infolist()}
    directory = data[data.rindex(b"PK\x01\x02") : data.rindex(b"PK\x05\x06")]
    assert entries["archive/data/0"].filename.encode() in directory
    more = b"".join(directory.replace(b"data/0", b"data/%d" % i) for i in range(1, 10))
    end = bytearray(data[data.rindex(b"PK\x05\x06") :])
    count, size = struct.unpack_from("<HI", end, 10)
    struct.pack_into("<HHI", end, 8, count + 9, count + 9, size + len(more))
    bomb = data[: data.rindex(b"PK\x05\x06")] + more + bytes(end)
    with zipfile.ZipFile(io.BytesIO(bomb)) as file:
        assert len(file.infolist()) == len(entries) + 9
    with pytest.raises(CheckpointError, match="overlap"):
        load(bomb)


def test_a_legacy_file_is_refused_with_the_way_out():
    with pytest.raises(CheckpointError, match=r"before version 1\.6.*save it again"):
        load(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + b"more")


def test_weights_only_false_allows_no_more():
    data = archive(pickle.dumps(Evil(called), protocol=2))
    with pytest.raises(CheckpointError, match="could run code"):
        tt.load(io.BytesIO(data), weights_only=False)
