#!/bin/sh
exec "$(dirname "$0")/stage.sh" vae --seconds 540 --batch 128 --pictures 20000 --threads 16 "$@"
