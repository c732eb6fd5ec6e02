#!/bin/sh
exec "$(dirname "$0")/stage.sh" text --seconds 120 --batch 256 "$@"
