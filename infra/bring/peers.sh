# Brings the servers that `bench peers` measures against into $tools/peers, each as its makers ship it: Redis with vector sets
# and PostgreSQL with pgvector from Debian, Chroma from npm. Their release of Debian may be newer than the host's, so they are
# unpacked with all that they need, and started by that release's own loader. About 200 MB are downloaded and 350 MB kept;
# only `bench peers` asks for it, and what cannot be had is left out of the comparison.

peers_suite=trixie
chroma_version=3.5.0

bring_peers() {
  [ -f "$tools/peers/brought" ] && return
  say "bringing the servers to compare with"
  {
    unpack_debian "$peers_suite" "$tools/peers" \
      "redis-server postgresql-17 postgresql-17-pgvector libstdc++6" with-everything &&
      # A compiler for expressions, which is switched off.
      rm -rf "$tools/peers"/root/usr/lib/*/libLLVM* "$tools/peers"/root/usr/lib/llvm* &&
      mkdir -p "$tools/peers/bin" && bring_redis_with_vectors && bring_postgres && bring_chroma &&
      touch "$tools/peers/brought"
  } >"$tools/peers.log" 2>&1 || say "not all of them could be had; see $tools/peers.log"
}

# bring_peer COMMAND ARGV0 FILE…: makes the command, which starts the file with the libraries of the servers' release.
bring_peer() {
  command=$1
  as=$2
  shift 2
  loader=$(find "$tools/peers/root/usr/lib64" "$tools/peers/root/usr/lib" -maxdepth 1 -name 'ld-linux*' | head -n 1)
  libraries=$(dirname "$(find "$tools/peers/root/usr/lib" -name libc.so.6 | head -n 1)")
  [ -n "$loader" ] || return 1
  cat >"$command" <<WRAPPER
#!/bin/sh
exec "$loader" --library-path "$libraries" --argv0 "$as" $* "\$@"
WRAPPER
  chmod +x "$command"
}

bring_redis_with_vectors() {
  bring_peer "$tools/peers/bin/redis-server" redis-server "$tools/peers/root/usr/bin/redis-check-rdb"
}

# PostgreSQL finds its files by where its binary is, and initdb starts the server that lies beside it.
bring_postgres() {
  binaries="$tools/peers/root/usr/lib/postgresql/17/bin"
  for name in postgres initdb; do
    mv "$binaries/$name" "$binaries/$name.real" || return 1
    bring_peer "$binaries/$name" "$binaries/$name" "$binaries/$name.real" || return 1
    ln -sf "$binaries/$name" "$tools/peers/bin/$name" || return 1
  done
}

bring_chroma() {
  mkdir -p "$tools/peers/chroma"
  echo '{ "private": true }' >"$tools/peers/chroma/package.json"
  (cd "$tools/peers/chroma" && host_npm install --no-audit --no-fund --loglevel=error "chromadb@$chroma_version") || return 1
  bring_peer "$tools/peers/bin/chroma" node "$node_home/bin/node" "$tools/peers/chroma/node_modules/chromadb/dist/cli.mjs"
}
