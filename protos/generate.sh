#!/bin/sh
# Regenerates the checked-in stubs. The oldest supported generator is used on purpose: its code runs under every newer
# grpcio and protobuf. Usage: protos/generate.sh [PYTHON with grpcio-tools 1.71.2] [OUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${1:-python3}
out=${2:-$here}
"$python" -m grpc_tools.protoc -I"$here" --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" \
    "$here"/teletensor_protos/v1/worker.proto
