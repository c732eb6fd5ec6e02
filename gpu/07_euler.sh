#!/bin/sh
exec "$(dirname "$0")/stage.sh" euler --seconds 420 --batch 256 "$@"
