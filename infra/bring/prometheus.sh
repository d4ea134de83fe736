# Finds or brings prometheus and promtool into $tools/prometheus/bin, so that rules, dashboards and the catalogue of metrics
# are tested against the real thing: first PATH, then the package of this release of Debian, of which only the two binaries
# are kept, then docker. About 20 MB are downloaded and 90 MB kept; only `test` asks for it.

prometheus_min=2.40

bring_prometheus() {
  [ -x "$tools/prometheus/bin/promtool" ] && return
  [ -f "$tools/prometheus/absent" ] && return
  found=$(command -v prometheus || true)
  if [ -n "$found" ] && command -v promtool >/dev/null 2>&1 &&
    at_least "$("$found" --version 2>&1 | sed -n '1s/.*version \([0-9.]*\).*/\1/p')" "$prometheus_min"; then
    mkdir -p "$tools/prometheus/bin"
    ln -sf "$found" "$tools/prometheus/bin/prometheus"
    ln -sf "$(command -v promtool)" "$tools/prometheus/bin/promtool"
    return
  fi
  say "bringing prometheus"
  bring_prometheus_from_debian >"$tools/prometheus.log" 2>&1 || bring_prometheus_from_docker || {
    say "no prometheus could be had: the tests of alerts and dashboards will fail; see $tools/prometheus.log (remove $tools/prometheus to try again)"
    rm -rf "$tools/prometheus" && mkdir -p "$tools/prometheus" && touch "$tools/prometheus/absent"
  }
}

# Later releases carry promtool in a package of its own. Their web interface is not needed here.
bring_prometheus_from_debian() {
  suite=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
  [ -n "$suite" ] || return 1
  unpack_debian "$suite" "$tools/prometheus" "prometheus promtool" ||
    unpack_debian "$suite" "$tools/prometheus" prometheus || return 1
  mkdir -p "$tools/prometheus/bin"
  for binary in prometheus promtool; do
    mv "$tools/prometheus/root/usr/bin/$binary" "$tools/prometheus/bin/$binary.new" || return 1
  done
  rm -rf "$tools/prometheus/root"
  for binary in prometheus promtool; do
    "$tools/prometheus/bin/$binary.new" --version || return 1
    mv "$tools/prometheus/bin/$binary.new" "$tools/prometheus/bin/$binary"
  done
}

bring_prometheus_from_docker() {
  for binary in prometheus promtool; do
    bring_from_docker "$binary" prom/prometheus:latest "/bin/$binary" "$tools/prometheus/bin" || return 1
  done
}
