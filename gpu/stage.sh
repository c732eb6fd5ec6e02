#!/bin/sh
# Shared by the stages: `gpu/NN_name.sh [options]` passes its options on, so `--device cpu --seconds 20` tries one out.
set -eu
cd "$(dirname "$0")/.."
verb=$1
shift
exec "${PYTHON:-python3}" -m "train.$verb" --device cuda "$@"
