# Brings nats-py into $tools/python where there is a Python with pip, so that the example of a producer in Python is run by
# the test of the documents. Without it that test says so, and runs the others.

nats_py=2.15.0

bring_nats_py() {
  [ -d "$tools/python/nats" ] && return
  [ -f "$tools/python/absent" ] && return
  mkdir -p "$tools/python"
  say "bringing nats-py"
  python3 -m pip install --quiet --no-deps --target "$tools/python" "nats-py==$nats_py" >"$tools/python.log" 2>&1 || {
    say "no nats-py could be had; going on without it (remove $tools/python to try again)"
    touch "$tools/python/absent"
  }
}
