#!/bin/sh
# The steps of the image, for Dockerfile and apptainer.def alike; as root, in a bare Debian 12:
#     setup.sh CLONE
# installs the last commit of CLONE, a folder with .git in it, in /opt/camseg, with all packages.
set -eu
clone=$1
home=/opt/camseg
[ -d "$clone/.git" ] || {
    echo "setup.sh: $clone: has no .git: an image is made of a commit, so build it in a clone" >&2
    exit 1
}

export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends ca-certificates git make python3 python3-venv

mkdir "$home"
git() { command git -c safe.directory='*' -C "$clone" "$@"; }  # the clone may be another user's
git archive HEAD >/tmp/code.tar
tar -x -f /tmp/code.tar -C "$home"
git rev-parse HEAD >"$home/.commit"  # which the record of a run names

PIP_NO_CACHE_DIR=1 make -C "$home" env
"$home/.venv/bin/python" -m compileall -q "$home/scripts"  # who runs the image cannot write there
cat >/usr/local/bin/camseg <<END
#!/bin/sh
PYTHONPATH=$home/scripts exec $home/.venv/bin/python -m camseg "\$@"
END
chmod 755 /usr/local/bin/camseg
mkdir /study  # where the user's folder is mounted

apt-get -qq purge -y --auto-remove git make python3-venv
rm -rf /tmp/code.tar /var/lib/apt/lists/*
