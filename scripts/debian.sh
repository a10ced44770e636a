# Packages of a Debian suite that is not the machine's own; to be sourced.

readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# download SUITE FOLDER PACKAGE...: packages of a Debian suite, unpacked into FOLDER, without touching the machine's apt settings
download() {
  local suite=$1 dest=$2 work list apt
  shift 2
  work=$(mktemp -d) && chmod 755 "$work" && mkdir -p "$work"/{parts,lists/partial,cache/archives/partial,deb}
  for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list ''; do [ -z "$list" ] || [ -f "$list" ] && break; done
  if ! grep -qs '^ID=debian' /etc/os-release; then
    [ -f "$KEYRING" ] || apt-get install -y -qq debian-archive-keyring >/dev/null
    echo "deb [signed-by=$KEYRING] http://deb.debian.org/debian $suite main" >"$work/parts/suite.list"
  elif [ "${list%.sources}" != "$list" ]; then
    sed -n '1,/^$/p' "$list" | sed -E "s/^Suites:.*/Suites: $suite/; s/^Components:.*/Components: main/" >"$work/parts/suite.sources"
  else
    sed -nE "s/^(deb( \[[^]]*\])? [^ ]+) [^ ]+ .*/\1 $suite main/p" "$list" | head -n 1 >"$work/parts/suite.list"
  fi
  apt=(-oDir::Etc::SourceList=/dev/null "-oDir::Etc::SourceParts=$work/parts" "-oDir::State::Lists=$work/lists"
    "-oDir::Cache=$work/cache" -oAPT::Sandbox::User=root)
  apt-get "${apt[@]}" update -qq
  (cd "$work/deb" && apt-get "${apt[@]}" download -qq "$@")
  mkdir -p "$dest"
  for list in "$work"/deb/*.deb; do dpkg -x "$list" "$dest"; done
  rm -rf "$work"
}
