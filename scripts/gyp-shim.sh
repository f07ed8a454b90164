#!/bin/sh
# prebuildify calls this in place of `node-gyp rebuild …`: the addon is built by CMake, whatever arguments come.
exec node "$(dirname "$0")/build-native.mjs"
