#!/bin/sh
# hatchling 1.33.0 leaves a folder out of the sdist if an ignored node_modules has npm's link to it.
#
# npm links each workspace into node_modules. hatchling follows such links while it looks for files, and remembers which
# folders it has seen. If node_modules comes first in the alphabet, as in web/node_modules before web/sdk, the workspace is
# seen there, where its files are ignored, and is skipped where it is. The sdist lacks all of its files, without a warning; a
# build in a checkout where npm hasn't run is complete. With `skip-excluded-dirs = true`, ignored folders aren't entered.
#
# Exits with 0 if hatchling still does that, 1 if it does something else. Needs python3 with venv and a package index.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check --quiet install hatchling==1.33.0
mkdir -p "$folder/project/src/example" "$folder/project/web/sdk"
cd "$folder/project"
cat >pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "example"
version = "1.0"
TOML
echo "node_modules/" >.gitignore
echo "" >src/example/__init__.py
echo "export {};" >web/sdk/index.js

# Says whether the sdist has web/sdk/index.js.
has_sdk() {
    rm -rf dist
    "$folder/venv/bin/hatchling" build -t sdist >/dev/null
    if tar -tzf dist/example-1.0.tar.gz | grep -q '/web/sdk/index.js$'; then echo yes; else echo no; fi
}

"$folder/venv/bin/python" -c 'from importlib.metadata import version; print("hatchling", version("hatchling"))'
before=$(has_sdk)
mkdir -p web/node_modules/@example
ln -s ../../sdk web/node_modules/@example/sdk
after=$(has_sdk)
printf '[tool.hatch.build.targets.sdist]\nskip-excluded-dirs = true\n' >>pyproject.toml
skipped=$(has_sdk)
echo "web/sdk in the sdist: $before without the link, $after with it, $skipped with skip-excluded-dirs"
[ "$before $after $skipped" = "yes no yes" ]
