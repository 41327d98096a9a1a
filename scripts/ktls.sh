#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `npm run test:ktls`: runs tests on a kernel that has TLS, because containers and many machines have
# none: Debian's, booted by QEMU. With arguments, runs these files instead. Requires Debian on x86-64 with
# qemu-system-x86 and the packages of node_modules.
#
# The machine has no disk and no network: its root is an initramfs of Debian's packages, Bun, Deno and this
# repository. NETPOLL_KTLS_SUITE=trixie or sid boots the kernel of another suite than the one that runs. The
# packages come from the mirror that this machine's apt has for its own release, whose signatures apt checks.
set -eu
cd "$(dirname "$0")/.."

# An emulated processor takes about six minutes for the tests, and is given up after that many seconds.
limit=900
suite=${NETPOLL_KTLS_SUITE:-}
tests=${*:-tests/tls/real_kernel_tls_test.ts}

folder=$(mktemp -d)
root=$folder/root
machine=
finish() {
  [ -z "$machine" ] || kill "$machine" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
  echo "ktls.sh: $1" >&2
  exit 1
}

# The mirror of the running release, as apt's own configuration names it.
mirror() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk -v codename="$codename" '$1 == codename && $2 == "main" { print $3; exit }'
}

# Options by which apt knows the packages of $suite alone.
own=()
choose_suite() {
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  : >"$folder/apt/status"
  cat >"$folder/apt/suite.sources" <<SOURCES
Types: deb
URIs: $(mirror)
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  own=(
    -o "Dir::Etc::sourcelist=$folder/apt/suite.sources" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/apt/lists" -o "Dir::State::status=$folder/apt/status"
    -o "Dir::Cache=$folder/apt/cache" -o APT::Sandbox::User=root
  )
  apt-get "${own[@]}" -qq update
}

# The first package that $1 depends on whose name begins with $2.
depends() {
  apt-cache "${own[@]}" depends "$1" | awk -v name="$2" '$1 == "Depends:" && index($2, name) == 1 { print $2; exit }'
}

# The initramfs: the newest kernel's modules, the tools of the machine, and what Bun, Deno and the library load.
unpack() {
  local kernel libssl
  kernel=$(depends linux-image-cloud-amd64 linux-image-)
  libssl=$(depends openssl libssl)
  [ -n "$kernel" ] && [ -n "$libssl" ] || fail "apt knows no kernel: run apt-get update"
  mkdir -p "$folder/debs" "$root"/usr/{bin,sbin,lib,lib64}
  for each in bin sbin lib lib64; do ln -s "usr/$each" "$root/$each"; done
  (cd "$folder/debs" && apt-get -qq -o APT::Sandbox::User=root "${own[@]}" download \
    "$kernel" busybox-static openssl "$libssl" libc6 libgcc-s1 libstdc++6 zlib1g libzstd1)
  for each in "$folder"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$each" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/*'
  done
  mv "$root/boot" "$folder/boot"
  find "$root"/usr/lib/modules/*/kernel -type f ! -path '*/net/tls/*' ! -path '*/crypto/*' -delete
}

# The runtimes, the repository and what the tests import of node_modules.
fill() {
  mkdir -p "$root"/{proc,sys,dev,tmp,etc,repository/node_modules/@noble}
  git ls-files -z | grep -zE '^(src|platforms|tests)/|^[^/]*$' | tar -c --null --files-from=- |
    tar -x -C "$root/repository"
  cp -rL node_modules/@noble/ciphers "$root/repository/node_modules/@noble/"
  cp -L node_modules/bun/bin/bun.exe "$root/bin/bun"
  cp -L node_modules/deno/deno "$root/bin/deno"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  init >"$root/init"
  chmod +x "$root/init"
}

# The first program of the machine.
init() {
  cat <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
ln -sf /bin/modprobe /sbin/modprobe
export PATH=/bin:/sbin HOME=/tmp TERM=dumb NO_COLOR=1
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ip link set lo up
depmod
modprobe tls
echo "Linux \$(uname -r)"
cd /repository
failed=0
count() {
  echo "== \$*"
  "\$@" 2>&1 || failed=1
}
count bun test --timeout 300000 $(printf './%s ' $tests)
count deno test -A --no-check --quiet $tests
cat /proc/net/tls_stat
grep -q '^TlsTxSw[[:space:]]*[1-9]' /proc/net/tls_stat || { echo "the kernel has encrypted nothing"; failed=1; }
echo "ktls: status \$failed"
poweroff -f
INIT
}

boot() {
  local log=$folder/log
  (cd "$root" && find . | bin/busybox cpio -o -H newc 2>/dev/null) >"$folder/initramfs"
  # Software emulation where there is no KVM.
  timeout "$limit" qemu-system-x86_64 -machine q35 -accel kvm -accel tcg -cpu max -smp 2 -m 4G \
    -kernel "$(ls "$folder"/boot/vmlinuz-*)" -initrd "$folder/initramfs" \
    -append "console=ttyS0 quiet panic=-1" -display none -monitor none -serial "file:$log" -nic none -no-reboot 2>/dev/null &
  machine=$!
  touch "$log"
  tail -n +1 -f --pid="$machine" "$log" || true
  local status=0
  wait "$machine" || status=$?
  machine=
  [ "$status" -ne 124 ] || fail "the tests took more than $limit s"
  tr -d '\r' <"$log" | grep -qx 'ktls: status 0' || fail "the tests have failed"
}

command -v qemu-system-x86_64 >/dev/null || fail "it takes Debian's qemu-system-x86"
[ "$(dpkg --print-architecture)" = amd64 ] || fail "it takes an amd64 Debian"
[ -z "$suite" ] || choose_suite
unpack
fill
boot
