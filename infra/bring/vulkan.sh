# Brings a Vulkan driver that computes in software into $tools/vulkan, so that the tests of gpu collections run on any
# machine. Dawn refuses the one of Debian 12 (Mesa 22), so it is a later release's, with the libc that it needs: Node is
# started through that release's loader ($tools/vulkan/node), and nothing of the host changes. About 70 MB are downloaded
# and 190 MB kept, in about half a minute; only `test` and `bench` ask for it.

vulkan_suite=trixie

bring_vulkan() {
  [ -x "$tools/vulkan/node" ] && return
  [ -f "$tools/vulkan/absent" ] && return
  say "bringing a software Vulkan driver"
  bring_vulkan_from_debian >"$tools/vulkan.log" 2>&1 || {
    say "no software Vulkan driver could be had: the tests of gpu collections will fail unless there is a GPU; see $tools/vulkan.log (remove $tools/vulkan to try again)"
    rm -rf "$tools/vulkan" && mkdir -p "$tools/vulkan" && touch "$tools/vulkan/absent"
  }
}

bring_vulkan_from_debian() {
  folder="$tools/vulkan"
  unpack_debian "$vulkan_suite" "$folder" "mesa-vulkan-drivers libvulkan1 libatomic1 libstdc++6" with-everything || return 1
  loader=$(find "$folder/root" -name 'ld-linux-*.so.*' | head -n 1)
  libraries=$(dirname "$(find "$folder/root" -name libvulkan_lvp.so | head -n 1)")
  driver=$(find "$folder/root" -name 'lvp_icd*.json' | head -n 1)
  [ -n "$loader" ] && [ -d "$libraries" ] && [ -n "$driver" ] || return 1
  # Drivers of real devices would find none.
  find "$libraries" -name 'libvulkan_*.so' ! -name libvulkan_lvp.so -delete
  cat >"$folder/node.new" <<WRAPPER
#!/bin/sh
# NODE is the binary to run; its name for itself will be the loader's.
VK_DRIVER_FILES="$driver" exec "$loader" --argv0 node --library-path "$libraries" "\${NODE:?}" "\$@"
WRAPPER
  chmod +x "$folder/node.new"
  NODE=$(node -p process.execPath) "$folder/node.new" --version || return 1
  mv "$folder/node.new" "$folder/node"
}
