"""`Summary` protocol buffers of values, in the form that TensorBoard's plugins read."""

from __future__ import annotations

from typing import Any

import numpy as np
from teletensor_core.dtypes import bfloat16, float16
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

from teletensor.tensor import Tensor
from teletensor.utils.tensorboard import pixels

# A number of a plot is a byte of its plugin's message.
_MOST_THRESHOLDS = 127


def host_array(x: Any) -> Any:
    """A tensor, array or number as a NumPy array. NotImplementedError for anything else."""
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    if isinstance(x, Tensor):
        x = x.detach().cpu()
        return (x.to(float16) if x.dtype == bfloat16 else x).numpy()
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def plugin(name: str, content: bytes = b"") -> Any:
    """The metadata by which a plugin knows its values."""
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=name, content=content))


def one(tag: str, **value: Any) -> Any:
    """A summary of one value."""
    return Summary(value=[Summary.Value(tag=tag, **value)])


def scalar(tag: str, x: Any, new_style: bool = False, double_precision: bool = False) -> Any:
    """One number; AssertionError for more. In the new style it is a tensor, of float32 or float64."""
    array = host_array(x).squeeze()
    if array.ndim != 0:
        raise AssertionError(
            "Tensor should contain one element (0 dimensions). "
            f"Was given size: {array.size} and {array.ndim} dimensions."
        )
    number = float(array)
    if not new_style:
        return one(tag, simple_value=number)
    if double_precision:
        return one(tag, metadata=plugin("scalars"), tensor=TensorProto(double_val=[number], dtype="DT_DOUBLE"))
    return one(tag, metadata=plugin("scalars"), tensor=TensorProto(float_val=[number], dtype="DT_FLOAT"))


def histogram(tag: str, values: Any, bins: Any, max_bins: int | None = None) -> Any:
    """How many values are in which bin (`bins` as NumPy's); `max_bins` joins neighbours. ValueError for no values."""
    array = host_array(values).astype(float).reshape(-1)
    if array.size == 0:
        raise ValueError("The input has no element.")
    counts, limits = np.histogram(array, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        counts, limits = _joined(counts, limits, len(counts) // max_bins)
    filled = np.flatnonzero(counts)
    # Where no value is in any bin, the first bin stands for all.
    first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, 0)
    # Only right limits are kept: an empty bin before the first one tells its left limit.
    kept = np.concatenate([[0], counts[first : last + 1]])
    return one(
        tag,
        histo=HistogramProto(
            min=array.min(), max=array.max(), num=array.size, sum=array.sum(), sum_squares=array.dot(array),
            bucket_limit=limits[first : last + 2].tolist(), bucket=kept.tolist(),
        ),
    )  # fmt: skip


def _joined(counts: Any, limits: Any, of: int) -> tuple[Any, Any]:
    short = -len(counts) % of
    return np.pad(counts, (0, short)).reshape(-1, of).sum(-1), np.append(limits[:-1:of], limits[-1])


def histogram_raw(tag: str, limits: Any, counts: Any, **facts: Any) -> Any:
    """A histogram that was counted elsewhere."""
    return one(tag, histo=HistogramProto(bucket_limit=limits, bucket=counts, **facts))


def image(tag: str, array: Any, dataformats: str) -> Any:
    """An image, or a batch of them as one grid."""
    made = pixels.as_bytes(host_array(array), dataformats)
    height, width, channels = made.shape
    encoded = pixels.png(made)
    return one(tag, image=Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=encoded))


def text(tag: str, words: str) -> Any:
    """A text, which is read as Markdown."""
    metadata = plugin("text", TextPluginData(version=0).SerializeToString())
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype="DT_STRING", string_val=[words.encode()], tensor_shape=shape)
    return one(f"{tag}/text_summary", metadata=metadata, tensor=tensor)


def pr_curve(tag: str, labels: Any, predictions: Any, thresholds: int, weights: Any) -> Any:
    """Precision and recall of predictions in [0, 1] at up to 127 thresholds."""
    count = min(thresholds, _MOST_THRESHOLDS)
    data = _curve(host_array(labels), host_array(predictions), count, 1.0 if weights is None else weights)
    metadata = plugin("pr_curves", PrCurvePluginData(version=0, num_thresholds=count).SerializeToString())
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in data.shape])
    tensor = TensorProto(dtype="DT_FLOAT", float_val=data.reshape(-1).tolist(), tensor_shape=shape)
    return one(tag, metadata=metadata, tensor=tensor)


def _curve(labels: Any, predictions: Any, count: int, weights: Any) -> Any:
    """True and false positives, true and false negatives, precision and recall, for every threshold."""
    buckets = np.floor(predictions * (count - 1)).astype(np.int32)
    truth, least = labels.astype(np.float64), 1e-7

    def reaching(weight: Any) -> Any:
        found, _ = np.histogram(buckets, bins=count, range=(0, count - 1), weights=weight)
        return found[::-1].cumsum()[::-1]

    hits, false = reaching(truth * weights), reaching((1.0 - truth) * weights)
    missed, rejected = hits[0] - hits, false[0] - false
    precision, recall = hits / np.maximum(least, hits + false), hits / np.maximum(least, hits + missed)
    return np.stack((hits, false, rejected, missed, precision, recall))
