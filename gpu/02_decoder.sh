#!/bin/sh
exec "$(dirname "$0")/stage.sh" vae --decoder-only --sharpen 0.5 --size 256 --crop 128 --coloured 0.2 --seconds 420 --batch 128 --pictures 6000 --threads 16 "$@"
