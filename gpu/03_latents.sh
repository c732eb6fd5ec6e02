#!/bin/sh
exec "$(dirname "$0")/stage.sh" latents --small 200000 --large 60000 --threads 16 "$@"
