#!/bin/sh
exec "$(dirname "$0")/stage.sh" latents --small 200000 --large 40000 --regions 60000 --threads 16 "$@"
