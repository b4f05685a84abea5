#!/bin/sh
# Installs system programs by name (tesseract, chromium) where that needs no question: apt-get as root or with a sudo that
# asks nothing, or brew. What cannot be installed is said in one line, with what it means; it is never an error.
# Usage: scripts/system.sh tesseract [chromium]
set -u

packages() {
    case "$1:$2" in
        tesseract:apt) echo "tesseract-ocr tesseract-ocr-deu tesseract-ocr-spa" ;;
        tesseract:brew) echo "tesseract tesseract-lang" ;;
        chromium:apt) echo "chromium" ;;
        *) echo "" ;;
    esac
}

without() {
    case "$1" in
        tesseract) echo "OCR is off: scanned pages and pictures will not be read. Turn it on with: apt-get install $(packages tesseract apt)" ;;
        chromium) echo "the browser test will be skipped; it needs Debian's package chromium" ;;
    esac
}

try_install() {
    if command -v apt-get >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ]; then
            run=""
        elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            run="sudo -n"
        else
            return 1
        fi
        # shellcheck disable=SC2086 - the list of packages is split on purpose
        { $run apt-get update -q && $run env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(packages "$1" apt); } >/dev/null 2>&1
    elif command -v brew >/dev/null 2>&1 && [ -n "$(packages "$1" brew)" ]; then
        # shellcheck disable=SC2046
        brew install $(packages "$1" brew) >/dev/null 2>&1
    else
        return 1
    fi
}

for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 && continue
    echo "system: installing $program"
    try_install "$program" && command -v "$program" >/dev/null 2>&1 || echo "system: $(without "$program")"
done
exit 0
