#!/bin/sh
exec "$(dirname "$0")/stage.sh" base --seconds 560 --total 1680 --batch 512 "$@"
