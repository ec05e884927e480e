from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OpenRequest(_message.Message):
    __slots__ = ("oldest_version", "newest_version", "op_fingerprint", "client", "capabilities", "device", "software")
    OLDEST_VERSION_FIELD_NUMBER: _ClassVar[int]
    NEWEST_VERSION_FIELD_NUMBER: _ClassVar[int]
    OP_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    oldest_version: int
    newest_version: int
    op_fingerprint: str
    client: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    device: str
    software: str
    def __init__(self, oldest_version: _Optional[int] = ..., newest_version: _Optional[int] = ..., op_fingerprint: _Optional[str] = ..., client: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., device: _Optional[str] = ..., software: _Optional[str] = ...) -> None: ...

class OpenReply(_message.Message):
    __slots__ = ("version", "session", "op_fingerprint", "worker", "capabilities", "device", "device_name", "limits", "software", "shared_memory", "device_properties")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    OP_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_NAME_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    SHARED_MEMORY_FIELD_NUMBER: _ClassVar[int]
    DEVICE_PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    version: int
    session: str
    op_fingerprint: str
    worker: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    device: str
    device_name: str
    limits: Limits
    software: str
    shared_memory: SharedMemory
    device_properties: DeviceProperties
    def __init__(self, version: _Optional[int] = ..., session: _Optional[str] = ..., op_fingerprint: _Optional[str] = ..., worker: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., device: _Optional[str] = ..., device_name: _Optional[str] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., software: _Optional[str] = ..., shared_memory: _Optional[_Union[SharedMemory, _Mapping]] = ..., device_properties: _Optional[_Union[DeviceProperties, _Mapping]] = ...) -> None: ...

class DeviceProperties(_message.Message):
    __slots__ = ("major", "minor", "multi_processor_count", "total_memory")
    MAJOR_FIELD_NUMBER: _ClassVar[int]
    MINOR_FIELD_NUMBER: _ClassVar[int]
    MULTI_PROCESSOR_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MEMORY_FIELD_NUMBER: _ClassVar[int]
    major: int
    minor: int
    multi_processor_count: int
    total_memory: int
    def __init__(self, major: _Optional[int] = ..., minor: _Optional[int] = ..., multi_processor_count: _Optional[int] = ..., total_memory: _Optional[int] = ...) -> None: ...

class SharedMemory(_message.Message):
    __slots__ = ("process", "descriptor", "slots", "slot_bytes", "secret_sha256")
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTOR_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    SLOT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SECRET_SHA256_FIELD_NUMBER: _ClassVar[int]
    process: int
    descriptor: int
    slots: int
    slot_bytes: int
    secret_sha256: bytes
    def __init__(self, process: _Optional[int] = ..., descriptor: _Optional[int] = ..., slots: _Optional[int] = ..., slot_bytes: _Optional[int] = ..., secret_sha256: _Optional[bytes] = ...) -> None: ...

class SharedChunk(_message.Message):
    __slots__ = ("slot", "size")
    SLOT_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    slot: int
    size: int
    def __init__(self, slot: _Optional[int] = ..., size: _Optional[int] = ...) -> None: ...

class CompressedChunk(_message.Message):
    __slots__ = ("size", "width", "data")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    size: int
    width: int
    data: bytes
    def __init__(self, size: _Optional[int] = ..., width: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("session_bytes", "tensors", "message_bytes", "window_bytes", "window_commands", "signatures")
    SESSION_BYTES_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_COMMANDS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    session_bytes: int
    tensors: int
    message_bytes: int
    window_bytes: int
    window_commands: int
    signatures: int
    def __init__(self, session_bytes: _Optional[int] = ..., tensors: _Optional[int] = ..., message_bytes: _Optional[int] = ..., window_bytes: _Optional[int] = ..., window_commands: _Optional[int] = ..., signatures: _Optional[int] = ...) -> None: ...

class ClientFrame(_message.Message):
    __slots__ = ("batch", "chunk", "shared", "taken", "compressed")
    BATCH_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    TAKEN_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    batch: Batch
    chunk: bytes
    shared: SharedChunk
    taken: int
    compressed: CompressedChunk
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., chunk: _Optional[bytes] = ..., shared: _Optional[_Union[SharedChunk, _Mapping]] = ..., taken: _Optional[int] = ..., compressed: _Optional[_Union[CompressedChunk, _Mapping]] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("sequence", "rows", "signatures", "numbers", "locations", "elements", "link_rate")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    ELEMENTS_FIELD_NUMBER: _ClassVar[int]
    LINK_RATE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    rows: bytes
    signatures: bytes
    numbers: bytes
    locations: bytes
    elements: bytes
    link_rate: int
    def __init__(self, sequence: _Optional[int] = ..., rows: _Optional[bytes] = ..., signatures: _Optional[bytes] = ..., numbers: _Optional[bytes] = ..., locations: _Optional[bytes] = ..., elements: _Optional[bytes] = ..., link_rate: _Optional[int] = ...) -> None: ...

class WorkerFrame(_message.Message):
    __slots__ = ("reply", "chunk", "shared", "compressed")
    REPLY_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    reply: Reply
    chunk: bytes
    shared: SharedChunk
    compressed: CompressedChunk
    def __init__(self, reply: _Optional[_Union[Reply, _Mapping]] = ..., chunk: _Optional[bytes] = ..., shared: _Optional[_Union[SharedChunk, _Mapping]] = ..., compressed: _Optional[_Union[CompressedChunk, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("acknowledged", "request", "failure", "hook_call", "arrays", "failures", "elements", "specs", "profile")
    ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    HOOK_CALL_FIELD_NUMBER: _ClassVar[int]
    ARRAYS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    ELEMENTS_FIELD_NUMBER: _ClassVar[int]
    SPECS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    acknowledged: int
    request: int
    failure: Failure
    hook_call: HookCall
    arrays: bytes
    failures: _containers.RepeatedCompositeFieldContainer[Failure]
    elements: bytes
    specs: bytes
    profile: Profile
    def __init__(self, acknowledged: _Optional[int] = ..., request: _Optional[int] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., hook_call: _Optional[_Union[HookCall, _Mapping]] = ..., arrays: _Optional[bytes] = ..., failures: _Optional[_Iterable[_Union[Failure, _Mapping]]] = ..., elements: _Optional[bytes] = ..., specs: _Optional[bytes] = ..., profile: _Optional[_Union[Profile, _Mapping]] = ...) -> None: ...

class Profile(_message.Message):
    __slots__ = ("clock", "records", "names", "locations", "left", "dropped")
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    clock: int
    records: bytes
    names: bytes
    locations: bytes
    left: int
    dropped: int
    def __init__(self, clock: _Optional[int] = ..., records: _Optional[bytes] = ..., names: _Optional[bytes] = ..., locations: _Optional[bytes] = ..., left: _Optional[int] = ..., dropped: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "message", "location", "command")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    location: str
    command: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., location: _Optional[str] = ..., command: _Optional[str] = ...) -> None: ...

class HookCall(_message.Message):
    __slots__ = ("hook", "handle", "dtype", "shape")
    HOOK_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    hook: int
    handle: int
    dtype: int
    shape: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, hook: _Optional[int] = ..., handle: _Optional[int] = ..., dtype: _Optional[int] = ..., shape: _Optional[_Iterable[int]] = ...) -> None: ...

class ExportRequest(_message.Message):
    __slots__ = ("tensors", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    tensors: _containers.RepeatedCompositeFieldContainer[NamedTensor]
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, tensors: _Optional[_Iterable[_Union[NamedTensor, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NamedTensor(_message.Message):
    __slots__ = ("name", "handle")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    handle: int
    def __init__(self, name: _Optional[str] = ..., handle: _Optional[int] = ...) -> None: ...

class StateChunk(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class ImportChunk(_message.Message):
    __slots__ = ("tensors", "data")
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    tensors: _containers.RepeatedCompositeFieldContainer[NamedTensor]
    data: bytes
    def __init__(self, tensors: _Optional[_Iterable[_Union[NamedTensor, _Mapping]]] = ..., data: _Optional[bytes] = ...) -> None: ...

class ImportReply(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class MemoryRequest(_message.Message):
    __slots__ = ("reset_peaks",)
    RESET_PEAKS_FIELD_NUMBER: _ClassVar[int]
    reset_peaks: bool
    def __init__(self, reset_peaks: bool = ...) -> None: ...

class MemoryReply(_message.Message):
    __slots__ = ("allocated", "reserved", "free", "total", "peak_allocated", "peak_reserved")
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    PEAK_ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    PEAK_RESERVED_FIELD_NUMBER: _ClassVar[int]
    allocated: int
    reserved: int
    free: int
    total: int
    peak_allocated: int
    peak_reserved: int
    def __init__(self, allocated: _Optional[int] = ..., reserved: _Optional[int] = ..., free: _Optional[int] = ..., total: _Optional[int] = ..., peak_allocated: _Optional[int] = ..., peak_reserved: _Optional[int] = ...) -> None: ...

class CloseRequest(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: str
    def __init__(self, session: _Optional[str] = ...) -> None: ...

class CloseReply(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: Failure
    def __init__(self, failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...
