# Finds or brings nats-server and redis-server: first PATH, then Debian's package manager (unpacked into $tools, nothing
# is installed or started on the host), then docker. Leaves the paths in VECTORIZER_NATS_SERVER and VECTORIZER_REDIS_SERVER.

bring_nats() {
  if [ ! -x "$tools/nats/nats-server" ]; then
    found=$(command -v nats-server || true)
    if [ -n "$found" ] && at_least "$("$found" --version | sed 's/.*v//')" "$nats_min"; then
      mkdir -p "$tools/nats" && ln -sf "$found" "$tools/nats/nats-server"
    else
      say "bringing nats-server"
      bring_nats_from_debian || bring_from_docker nats-server nats:2.12 /nats-server "$tools/nats" ||
        fail "no nats-server $nats_min or newer on PATH, from the package manager, or from docker; see $tools/nats.log"
    fi
  fi
  export VECTORIZER_NATS_SERVER="$tools/nats/nats-server"
}

# Older releases of Debian carry a server that is too old; the newer one's needs nothing but libc.
bring_nats_from_debian() {
  for suite in forky sid; do
    unpack_debian "$suite" "$tools/nats" nats-server >"$tools/nats.log" 2>&1 || continue
    binary=$(find "$tools/nats/root" -name nats-server -type f -perm -u+x | head -n 1)
    [ -n "$binary" ] && "$binary" --version >>"$tools/nats.log" 2>&1 || continue
    ln -sf "$binary" "$tools/nats/nats-server" && return
  done
  return 1
}

# What the query services of a cluster share: without it everything works.
bring_redis() {
  if [ ! -x "$tools/redis/bin/redis-server" ]; then
    found=$(command -v redis-server || command -v valkey-server || true)
    if [ -n "$found" ] && at_least "$("$found" --version | sed 's/.*v=\([0-9.]*\).*/\1/')" "$redis_min"; then
      mkdir -p "$tools/redis/bin" && ln -sf "$found" "$tools/redis/bin/redis-server"
    elif [ ! -f "$tools/redis/absent" ]; then
      say "bringing redis-server"
      bring_redis_from_debian || bring_from_docker redis-server redis:7 /usr/local/bin/redis-server "$tools/redis/bin" || {
        say "no redis-server could be had; going on without it (remove $tools/redis to try again)"
        mkdir -p "$tools/redis" && touch "$tools/redis/absent"
      }
    fi
  fi
  if [ -x "$tools/redis/bin/redis-server" ]; then export VECTORIZER_REDIS_SERVER="$tools/redis/bin/redis-server"; fi
}

# The package's libraries are unpacked beside it, so the binary is started with a library path of its own.
bring_redis_from_debian() {
  suite=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
  [ -n "$suite" ] || return 1
  unpack_debian "$suite" "$tools/redis" redis-tools with-libraries >"$tools/redis.log" 2>&1 || return 1
  binary=$(find "$tools/redis/root" -name redis-check-rdb -type f | head -n 1)
  [ -n "$binary" ] || return 1
  ln -sf redis-check-rdb "$(dirname "$binary")/redis-server"
  mkdir -p "$tools/redis/bin"
  libraries=$(find "$tools/redis/root" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd: -)
  cat >"$tools/redis/bin/redis-server" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH="$libraries" exec "$(dirname "$binary")/redis-server" "\$@"
WRAPPER
  chmod +x "$tools/redis/bin/redis-server"
  "$tools/redis/bin/redis-server" --version >>"$tools/redis.log" 2>&1 || { rm -rf "$tools/redis" && return 1; }
}

# unpack_debian SUITE FOLDER PACKAGES [with-libraries | with-missing | with-everything]: into FOLDER/root, through apt with
# lists and caches of our own. Libraries are those of a package that the host lacks; what is missing is all that they need and
# the host lacks, which must be of that suite; everything is what the packages need on no host at all.
unpack_debian() {
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || return 1
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || return 1
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
  [ -n "$mirror" ] || return 1
  rm -rf "$2" && mkdir -p "$2/apt/lists/partial" "$2/apt/cache/archives/partial" "$2/root"
  echo "deb [signed-by=$keyring] $mirror $1 main" >"$2/apt/sources.list"
  private_apt "$2" apt-get update || return 1
  packages=$3
  if [ "${4:-}" = with-libraries ]; then
    for library in $(private_apt "$2" apt-cache depends "$3" | sed -n 's/^  Depends: \(lib[a-z0-9.+-]*\)$/\1/p'); do
      dpkg -s "$library" >/dev/null 2>&1 || packages="$packages $library"
    done
  fi
  # shellcheck disable=SC2086 -- a list of package names
  if [ "${4:-}" = with-everything ] || [ "${4:-}" = with-missing ]; then
    status=/var/lib/dpkg/status
    [ "$4" = with-missing ] || { status="$2/apt/status" && : >"$status"; }
    private_apt "$2" apt-get -o Dir::State="$2/apt" -o Dir::State::status="$status" \
      --no-install-recommends --download-only -y install $packages || return 1
    mv "$2"/apt/cache/archives/*.deb "$2/apt/"
  else
    (cd "$2/apt" && private_apt "$2" apt-get download $packages) || return 1
  fi
  for package in "$2"/apt/*.deb; do dpkg -x "$package" "$2/root" || return 1; done
  rm -rf "$2/apt"
}

private_apt() {
  folder=$1
  tool=$2
  shift 2
  "$tool" -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"
}

# bring_from_docker NAME IMAGE PATH-IN-IMAGE FOLDER: copies one static binary out of an official image.
bring_from_docker() {
  command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1 || return 1
  container=$(docker create "$2" 2>>"$tools/docker.log") || return 1
  mkdir -p "$4"
  docker cp "$container:$3" "$4/$1" >>"$tools/docker.log" 2>&1
  docker rm "$container" >/dev/null 2>&1
  "$4/$1" --version >/dev/null 2>&1
}

# at_least VERSION MINIMUM
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
