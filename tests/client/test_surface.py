"""What programs use of PyTorch is here, or is known to be missing; and nothing is here that PyTorch does not have."""

import pytest
import teletensor

from tests.client.usage import has, scores

# Why names of the list are missing. A name that comes to work has to be taken out here.
MISSING = {
    "not in this version: training over several processes": """
        torch.distributed.ReduceOp torch.distributed.all_reduce torch.distributed.autograd.backward
        torch.distributed.autograd.context torch.distributed.barrier torch.distributed.destroy_process_group
        torch.distributed.get_default_backend_for_device torch.distributed.get_rank torch.distributed.get_world_size
        torch.distributed.init_process_group torch.distributed.rpc.RRef
        torch.distributed.rpc.TensorPipeRpcBackendOptions torch.distributed.rpc.functions.async_execution
        torch.distributed.rpc.get_worker_info torch.distributed.rpc.init_rpc torch.distributed.rpc.remote
        torch.distributed.rpc.rpc_async torch.distributed.rpc.rpc_sync torch.distributed.rpc.shutdown
        torch.nn.parallel.DistributedDataParallel
        torch.futures.Future torch.futures.wait_all
    """,
    "tensors cannot be shared between processes": """
        torch.multiprocessing.Process torch.multiprocessing.get_start_method torch.multiprocessing.set_start_method
        torch.multiprocessing.spawn Module.share_memory
    """,
    "there is no compiler, tracer or exporter": """
        torch.jit.load torch.fx.Graph torch.fx.GraphModule torch.fx.Proxy
        torch.fx.Tracer torch.fx.node.map_arg torch.fx.proxy.GraphAppendingTracer torch.fx.symbolic_trace
        torch.onnx.export torch.export.Dim torch.export.export torch._dynamo.mark_static_address torch._dynamo.reset
        torch._decomp.get_decompositions torch._higher_order_ops.associative_scan torch._logging.set_logs
        torch.classes.load_library torch.ops.load_library torch.ops.aten.add torch.ops.aten.add_ torch.ops.aten.t
        torch.ops.aten.transpose
    """,
    "there are no sparse, nested or quantized tensors": """
        Tensor.to_sparse torch.jagged torch.nested.nested_tensor torch.qint8 torch.quantization.quantize_dynamic
        torch.sparse_coo_tensor torch.spmm
    """,
    "PyTorch itself has it no more, or only to say so": """
        Tensor.index Tensor.resize torch.nn.NonDynamicallyQuantizableLinear torch.testing.assert_allclose
    """,
}


def missing() -> set[str]:
    return {name for names in MISSING.values() for name in names.split()}


def test_exactly_the_known_names_are_missing():
    absent = {name for name in scores() if not has(teletensor, name)}
    assert absent - missing() == set(), "gone, or new in the list and not there"
    assert missing() - absent == set(), "here now: take them out of MISSING"


def test_what_is_there_covers_most_uses():
    total = sum(scores().values())
    there = sum(score for name, score in scores().items() if has(teletensor, name))
    assert there / total > 0.98


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("fx", "teletensor has no torch.fx (used at {}); modules are not traced"),
        ("onnx", "teletensor has no torch.onnx (used at {}); models cannot be exported"),
        ("no_such_thing", "teletensor has no torch.no_such_thing"),
        ("distributed.init_process_group", "no torch.distributed.init_process_group (used at {}); training over"),
        ("jit.load", "teletensor has no torch.jit.load (used at {}); there is nothing to compile to"),
        ("func.functionalize", "teletensor has no torch.func.functionalize (used at {})"),
        ("cuda.CUDAGraph", "teletensor has no torch.cuda.CUDAGraph"),
        ("nn.quantized", "teletensor has no torch.nn.quantized"),
        ("nn.functional.no_such_loss", "teletensor has no torch.nn.functional.no_such_loss"),
        ("optim.SparseAdam", "teletensor has no torch.optim.SparseAdam"),
    ],
)
def test_what_is_missing_says_so(path, said):
    *parents, last = path.split(".")
    holder = teletensor
    for parent in parents:
        holder = getattr(holder, parent)
    with pytest.raises(AttributeError) as raised:
        getattr(holder, last)
    line = raised.traceback[0].lineno + 1
    assert said.format(f"{__file__}:{line}") in str(raised.value)


def test_importing_what_is_missing_says_so():
    with pytest.raises(ImportError, match=r"teletensor has no torch\.fx"):
        from teletensor import fx  # noqa: F401


# -- nothing that PyTorch does not have --------------------------------------------------------------------------------

OUR_OWN = {"as_torch", "connect", "disconnect", "to_host", "viz", "wire_dtype"}
OUR_OWN_METHODS = {"item_async", "to_host"}
MODULES = (
    "accelerator", "amp", "autograd", "backends.cpu", "backends.cuda", "backends.cudnn", "backends.mps", "compiler",
    "cuda", "cuda.amp", "distributed", "distributions", "func", "jit", "linalg", "masked", "nn", "optim", "optim.lr_scheduler",  # noqa: E501
    "profiler", "random", "return_types", "signal.windows", "special", "testing", "utils", "utils.checkpoint", "utils.data",  # noqa: E501
)  # fmt: skip


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


def test_no_function_is_of_our_own_making(torch):
    extra = {name for name in teletensor.__all__ if not hasattr(torch, name)}
    assert extra == OUR_OWN


def test_no_method_is_of_our_own_making(torch):
    extra = {name for name in dir(teletensor.Tensor) if not name.startswith("_") and not hasattr(torch.Tensor, name)}
    assert extra == OUR_OWN_METHODS


@pytest.mark.parametrize("module", MODULES)
def test_no_module_has_names_of_our_own_making(torch, module):
    import importlib
    from operator import attrgetter

    importlib.import_module(f"torch.{module}")
    ours, theirs = attrgetter(module)(teletensor), attrgetter(module)(torch)
    names = getattr(ours, "__all__", None) or [name for name in dir(ours) if name[0] != "_" and name != "annotations"]
    types = {"Any", "NamedTuple", "TypeVar", "TYPE_CHECKING", "Cls"}
    assert [name for name in names if not hasattr(theirs, name) and name not in types] == []
