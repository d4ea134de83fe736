#!/bin/sh
# assemble.sh DIRECTORY [ADDON]: of a checkout that has been built, everything that a server runs, and nothing else: infra/docker/role
# and the production dependencies, by the lockfile. Native code is compiled for MARCH, not for the processor that happens to build;
# with ADDON, one of hnswlib-node that was compiled before is taken instead.
set -eu

root=$(dirname "$(readlink -f "$0")")/../..
out=$1
addon=${2:-}
# amd64: what servers have since 2013 (AVX2, FMA), which makes distances 1.5 times faster; for older ones MARCH=x86-64-v2.
case "$(uname -m)" in
  x86_64) architecture=x64 march=${MARCH:-x86-64-v3} ;;
  aarch64) architecture=arm64 march=${MARCH:-armv8-a} ;;
  *) echo "assemble.sh: $(uname -m) is neither x86_64 nor aarch64" >&2 && exit 1 ;;
esac

node_home=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
cd "$root"
CI=true CXXFLAGS="-O3 -march=$march" npm_config_nodedir="$node_home" \
  pnpm --filter @vectorizer/image deploy --prod ${addon:+--ignore-scripts} "$out"

# What nobody runs: other platforms' drivers, sources and objects of native code, declarations and maps.
cd "$out"
modules=node_modules/.pnpm
find "$modules"/webgpu@*/node_modules/webgpu/dist -mindepth 1 -maxdepth 1 -type d ! -name "linux-$architecture" -exec rm -r {} +
hnswlib=$(echo "$modules"/hnswlib-node@*/node_modules/hnswlib-node)
if [ -n "$addon" ]; then
  mkdir -p "$hnswlib/build/Release"
  cp "$addon" "$hnswlib/build/Release/addon.node"
fi
find "$hnswlib/build" -type f ! -path '*/Release/addon.node' -delete
strip --strip-unneeded "$hnswlib/build/Release/addon.node"
find "$modules" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.tsbuildinfo' \) -delete
