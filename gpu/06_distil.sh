#!/bin/sh
exec "$(dirname "$0")/stage.sh" distil --seconds 540 --batch 512 "$@"
