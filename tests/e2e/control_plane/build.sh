#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager, kubectl and etcd from their published Go modules,
# and Helm, which renders the chart.
#
#   build.sh FOLDER [KUBERNETES_VERSION]     such as: build.sh .control-plane v1.37.2
#
# Kubernetes' own go.mod requires its staging modules at v0.0.0 by `replace`, which a module that
# depends on it does not inherit: the replacements are written here, for the same minor version.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
version=${2:-v1.37.2}
minor=$(cut -d. -f2 <<<"$version")
staging="v0.${version#v1.}"
here=$(cd "$(dirname "$0")" && pwd)

if [ ! -x "$folder/helm" ]; then
  GOBIN=$folder go install -trimpath -ldflags "-s -w" helm.sh/helm/v3/cmd/helm@v3.22.0
fi

if [ "$(cat "$folder/VERSION" 2>/dev/null || true)" = "$version" ]; then
  echo "control plane $version is in $folder"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/tools.go" "$work/"
cd "$work"
go mod init control-plane
go mod edit -require="k8s.io/kubernetes@$version"
upstream=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
sed -n 's/^\t\(k8s.io\/[a-z-]*\) v0\.0\.0$/\1/p' "$upstream" | while read -r module; do
  go mod edit -replace="$module=$module@$staging"
done
go mod tidy
stamp="k8s.io/component-base/version"
flags="-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=$minor"
for program in kube-apiserver kube-controller-manager kubectl; do
  go build -trimpath -ldflags "$flags" -o "$folder/$program" "k8s.io/kubernetes/cmd/$program"
done
go build -trimpath -ldflags "-s -w" -o "$folder/etcd" go.etcd.io/etcd/server/v3
echo "$version" >"$folder/VERSION"
echo "control plane $version is in $folder"
