#!/bin/sh
# Makes sure that there is a Chromium for the browser tests: takes the one on the machine, or installs Debian's where
# it may. BROWSER_TESTS=0 leaves them out, and says so.
set -eu
if [ "${BROWSER_TESTS:-1}" = 0 ]; then
  echo "BROWSER_TESTS=0: the browser tests are left out."
  exit 0
fi
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing chromium, with fonts for Korean and emoji …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk fonts-noto-color-emoji >/dev/null
  command -v chromium >/dev/null 2>&1 && exit 0
fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium), or set BROWSER_TESTS=0." >&2
exit 1
