#!/bin/sh
exec "$(dirname "$0")/stage.sh" oracle --seconds 300 --batch 256 --views 40000 --threads 16 "$@"
