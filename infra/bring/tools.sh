# Brings what the host lacks into $tools: Node 24 and pnpm from npm, nats-server and redis-server from the system's
# package manager or docker, and the dependencies. Each step is skipped when its result is there already.

node_version=24.21.0
nats_min=2.12
redis_min=6

say() { echo "vectorizer: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# With `with-vulkan` also what the tests of gpu collections run on, with `with-chromium` the browser of the dashboard's,
# `with-prometheus` what those of alerts and panels ask, `with-helm` what renders the chart, `with-peers` the servers that are compared with.
bring_all() {
  mkdir -p "$tools" 2>/dev/null || fail "cannot write to $tools"
  # Two commands at once would build into the same folders.
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$tools/lock"
    flock 9
  fi
  bring_node
  bring_compiler
  bring_dependencies
  . "$root/infra/bring/servers.sh"
  bring_nats
  bring_redis
  for tool in "$@"; do
    case $tool in
      with-vulkan)
        . "$root/infra/bring/vulkan.sh"
        bring_vulkan
        ;;
      with-chromium)
        . "$root/infra/bring/chromium.sh"
        bring_chromium
        ;;
      with-nats-py)
        . "$root/infra/bring/python.sh"
        bring_nats_py
        ;;
      with-prometheus)
        . "$root/infra/bring/prometheus.sh"
        bring_prometheus
        ;;
      with-peers)
        . "$root/infra/bring/peers.sh"
        bring_peers
        ;;
      with-helm)
        . "$root/infra/bring/helm.sh"
        bring_helm
        ;;
    esac
  done
  exec 9>&-
}

# The npm packages carry the binaries and Node's headers, which native dependencies are compiled against.
bring_node() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *) fail "needs Linux on x86_64 or aarch64, this is $(uname -s) on $(uname -m)" ;;
  esac
  node_home="$tools/node/node_modules/node-$platform"
  host_path=$PATH
  PATH="$node_home/bin:$tools/node/node_modules/.bin:$PATH"
  export PATH
  pnpm_version=$(sed -n 's/.*"packageManager": "pnpm@\([^"]*\)".*/\1/p' "$root/package.json")
  wanted="node $node_version pnpm $pnpm_version"
  [ "$(cat "$tools/node/brought" 2>/dev/null)" = "$wanted" ] && return
  command -v npm >/dev/null 2>&1 || fail "npm was not found; install Node 20 or newer"
  say "bringing Node $node_version and pnpm $pnpm_version"
  rm -rf "$tools/node"
  mkdir -p "$tools/node"
  echo '{ "private": true, "allowScripts": { "pnpm": true } }' >"$tools/node/package.json"
  (cd "$tools/node" && host_npm install --no-audit --no-fund --loglevel=error \
    "node-$platform@$node_version" "pnpm@$pnpm_version") >"$tools/node.log" 2>&1 ||
    fail "npm could not bring Node and pnpm; see $tools/node.log"
  echo "$wanted" >"$tools/node/brought"
}

# npm of the host's Node, whose settings for mirrors and certificates are not those of the Node that was brought.
host_npm() {
  PATH=$host_path npm "$@"
}

# hnswlib-node has no prebuilt binary.
bring_compiler() {
  missing=
  for tool in g++ make python3; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
  done
  [ -z "$missing" ] && return
  say "installing$missing with the package manager"
  if command -v apt-get >/dev/null 2>&1; then
    { as_root apt-get update && as_root apt-get install -y --no-install-recommends g++ make python3; } \
      >"$tools/compiler.log" 2>&1 || fail "could not install$missing; see $tools/compiler.log"
  else
    fail "install$missing and try again"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Compiled for this very processor, which makes distances 1.5 times faster, and so compiled again on another one.
bring_dependencies() {
  processor=$(sed -n 's/^flags[^:]*: //p; s/^Features[^:]*: //p' /proc/cpuinfo | head -n 1 | cksum)
  wanted="$(cat "$root/pnpm-lock.yaml" "$root/pnpm-workspace.yaml" "$root"/apps/*/package.json "$root"/packages/*/package.json "$root"/infra/docker/package.json "$root"/benches/package.json "$root"/tests/package.json | cksum) $processor $node_version"
  [ "$(cat "$root/node_modules/.brought" 2>/dev/null)" = "$wanted" ] && return
  say "installing dependencies"
  run_install "-O3 -march=native" || {
    say "the compiler knows no -march=native; compiling for any processor"
    run_install "-O3" || fail "dependencies could not be installed; see $tools/install.log"
  }
  echo "$wanted" >"$root/node_modules/.brought"
}

run_install() {
  (cd "$root" && rm -rf node_modules/.pnpm/hnswlib-node@*/node_modules/hnswlib-node/build &&
    CI=true CXXFLAGS="$1" npm_config_nodedir="$node_home" pnpm install --frozen-lockfile --store-dir "$tools/store" &&
    { [ -d "$(echo node_modules/.pnpm/hnswlib-node@*/node_modules/hnswlib-node/build)" ] ||
      CXXFLAGS="$1" npm_config_nodedir="$node_home" pnpm rebuild hnswlib-node; }) >"$tools/install.log" 2>&1
}

build() {
  (cd "$root" && pnpm build) >"$tools/build.log" 2>&1 || {
    tail -n 30 "$tools/build.log" >&2
    fail "the build failed; see $tools/build.log"
  }
}
