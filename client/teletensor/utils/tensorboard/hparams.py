"""Hyperparameters and the metrics they led to, for TensorBoard's table of runs."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import ListValue, Value
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

from teletensor.tensor import Tensor
from teletensor.utils.tensorboard.summaries import host_array, one, plugin


def hparams(given: Any, metrics: Any, discrete: Any = None) -> list[Any]:
    """Summaries of the experiment, of the session's start with its parameters, and of its end.

    TypeError for what are no dictionaries, ValueError for a value that is no int, float, str, bool or tensor.
    `discrete` says for a parameter which values it may have.
    """
    discrete = discrete or {}
    for name, found in (("hparam_dict", given), ("metric_dict", metrics), ("hparam_domain_discrete", discrete)):
        if not isinstance(found, dict):
            raise TypeError(f"parameter: {name} should be a dictionary, nothing logged.")
    _check_domains(given, discrete)
    start, infos = plugin_data_pb2.SessionStartInfo(), []
    for name, x in given.items():
        if x is not None:
            kind, field, value = _typed(x)
            setattr(start.hparams[name], field, value)
            domain = ListValue(values=[Value(**{field: v}) for v in discrete[name]]) if name in discrete else None
            infos.append(api_pb2.HParamInfo(name=name, type=api_pb2.DataType.Value(kind), domain_discrete=domain))
    measured = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=name)) for name in metrics]
    experiment = api_pb2.Experiment(hparam_infos=infos, metric_infos=measured)
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value("STATUS_SUCCESS"))
    return [
        _summary(metadata.EXPERIMENT_TAG, experiment=experiment),
        _summary(metadata.SESSION_START_INFO_TAG, session_start_info=start),
        _summary(metadata.SESSION_END_INFO_TAG, session_end_info=end),
    ]


def _check_domains(given: dict[str, Any], discrete: dict[str, Any]) -> None:
    for name, values in discrete.items():
        fits = name in given and isinstance(values, list) and all(isinstance(v, type(given[name])) for v in values)
        if not fits:
            raise TypeError(
                f"parameter: hparam_domain_discrete[{name}] should be a list of same type as hparam_dict[{name}]."
            )


def _typed(x: Any) -> tuple[str, str, Any]:
    """The type, the field and the value of a parameter. A bool is a number too, and is kept as one."""
    if isinstance(x, Tensor):
        return "DATA_TYPE_FLOAT64", "number_value", float(host_array(x).reshape(-1)[0])
    if isinstance(x, (int, float)):
        return "DATA_TYPE_FLOAT64", "number_value", x
    if isinstance(x, str):
        return "DATA_TYPE_STRING", "string_value", x
    raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")


def _summary(tag: str, **content: Any) -> Any:
    data = plugin_data_pb2.HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **content)
    return one(tag, metadata=plugin(metadata.PLUGIN_NAME, data.SerializeToString()))
