# Brings a Chromium without a window into $tools/chromium, for the tests of the dashboard: the package of the host's own
# release with the libraries that the host lacks, unpacked; nothing of the host changes. About 90 MB are downloaded and
# 400 MB kept; only `test` asks for it.

bring_chromium() {
  [ -x "$tools/chromium/bin/chromium" ] && return
  [ -f "$tools/chromium/absent" ] && return
  say "bringing Chromium"
  bring_chromium_from_debian >"$tools/chromium.log" 2>&1 || {
    rm -rf "$tools/chromium" && mkdir -p "$tools/chromium/bin"
    found=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
    if [ -n "$found" ]; then
      ln -sf "$found" "$tools/chromium/bin/chromium"
    else
      say "no Chromium could be had: the tests of the dashboard will fail; see $tools/chromium.log (remove $tools/chromium to try again)"
      touch "$tools/chromium/absent"
    fi
  }
}

bring_chromium_from_debian() {
  suite=$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
  [ -n "$suite" ] || return 1
  folder="$tools/chromium"
  unpack_debian "$suite" "$folder" "chromium-headless-shell fonts-dejavu-core" with-missing || return 1
  binary=$(find "$folder/root" -name chromium-headless-shell -type f -perm -u+x | head -n 1)
  [ -n "$binary" ] || return 1
  libraries=$(find "$folder/root" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd: -)
  mkdir -p "$folder/bin"
  # Without any font it does not start.
  cat >"$folder/fonts.conf" <<FONTS
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>$folder/root/usr/share/fonts</dir>
  <cachedir>$folder/fonts.cache</cachedir>
</fontconfig>
FONTS
  cat >"$folder/bin/chromium.new" <<WRAPPER
#!/bin/sh
FONTCONFIG_FILE="$folder/fonts.conf" LD_LIBRARY_PATH="$libraries" exec "$binary" "\$@"
WRAPPER
  chmod +x "$folder/bin/chromium.new"
  "$folder/bin/chromium.new" --version || return 1
  mv "$folder/bin/chromium.new" "$folder/bin/chromium"
}
