#!/usr/bin/env bash
# Brings an empty cluster to where the suite's own charts can be installed. What, which version and in which order stands in
# versions.txt; how each is set, in the values file of its name.
set -euo pipefail
export LC_ALL=C # bytes: a token may be in no encoding at all

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
domain='' email='' provider='' namespace=default file='' only='' skip='' dry_run='' timeout=10m

usage() {
  cat <<END
Usage: install-apps.sh [options]

Installs into kubectl's current cluster, in this order:
$(printf '  %s\n' "${apps[@]}")
Everything can be run again: what is there is brought to what stands here, passwords are kept. After a failure the same
command goes on.

  -d, --domain NAME         where the dashboard will be, such as mood.example.com; without it the gateway answers plain HTTP
                            to any name, and nothing is asked of DNS or of Let's Encrypt
  -e, --email ADDRESS       for Let's Encrypt; a domain needs it
  -p, --dns-provider NAME   cloudflare (the default) keeps the domain's record, with the CLOUDFLARE_API_TOKEN of the env file;
                            none leaves the record to you
  -f, --env-file FILE       CLOUDFLARE_API_TOKEN, and DOMAIN, EMAIL, DNS_PROVIDER in place of the options (default: .env here)
  -n, --namespace NAME      where the suite's services will be (default: default)
      --only a,b            these alone
      --skip a,b            all but these
      --timeout TIME        for each app to be ready (default: 10m)
      --dry-run             show what would be run, and run nothing
  -h, --help                this

Passwords and tokens are never printed, and never stand on a command line.
END
}

fail() {
  echo "install-apps.sh: $1" >&2
  exit "${2:-1}"
}

# shellcheck source=charts/secrets.sh
source "$here/../../charts/secrets.sh"
# shellcheck source=gke-cluster/helm/apps.sh
source "$here/apps.sh"

apps=() namespaces=() versions=() sources=()
while read -r app where version from; do
  [[ -z $app || $app == \#* ]] && continue
  apps+=("$app") namespaces+=("$where") versions+=("$version") sources+=("$from")
done <"$here/versions.txt"

while (($#)); do
  case $1 in
    -h | --help) usage && exit ;;
    --dry-run) dry_run=yes && shift ;;
    -d | --domain | -e | --email | -p | --dns-provider | -f | --env-file | -n | --namespace | --only | --skip | --timeout)
      [[ -n ${2:-} && $2 != -* ]] || fail "$1 needs a value; --help tells more" 2
      case $1 in
        -d | --domain) domain=$2 ;;
        -e | --email) email=$2 ;;
        -p | --dns-provider) provider=$2 ;;
        -f | --env-file) file=$2 ;;
        -n | --namespace) namespace=$2 ;;
        --only) only=$2 ;;
        --skip) skip=$2 ;;
        *) timeout=$2 ;;
      esac
      shift 2
      ;;
    *) fail "what is $1? --help lists the options" 2 ;;
  esac
done

token=''
if [[ -n $file || -e $here/.env ]]; then
  file=${file:-$here/.env}
  [[ ! -d $file && -r $file ]] || fail "cannot read $file: copy .env.example and fill it in"
  read_env_file "$file"
  for at in "${!names[@]}"; do
    case ${names[at]} in
      CLOUDFLARE_API_TOKEN) token=${values[at]} ;;
      DOMAIN) domain=${domain:-${values[at]}} ;;
      EMAIL) email=${email:-${values[at]}} ;;
      DNS_PROVIDER) provider=${provider:-${values[at]}} ;;
      *) fail "$file: what is ${names[at]}? It takes CLOUDFLARE_API_TOKEN, DOMAIN, EMAIL and DNS_PROVIDER" ;;
    esac
  done
fi
provider=${provider:-cloudflare}

listed() { # whether $2 is among the names of $1, which stand between commas
  [[ ,$1, == *",$2,"* ]]
}

chosen() {
  [[ -z $only ]] || listed "$only" "$1" || return 1
  ! listed "$skip" "$1" || return 1
  [[ $1 != external-dns ]] || [[ -n $domain && $provider == cloudflare ]]
}

check() {
  local name known asked
  known=$(printf '%s,' "${apps[@]}")
  IFS=, read -ra asked <<<"$only,$skip"
  for name in ${asked[@]+"${asked[@]}"}; do
    [[ -z $name ]] || listed "$known" "$name" || fail "there is no app $name: --only and --skip take ${known//,/ }" 2
  done
  [[ $provider =~ ^(cloudflare|none)$ ]] || fail "--dns-provider $provider: give cloudflare or none" 2
  [[ $namespace =~ ^[a-z0-9]([a-z0-9-]*[a-z0-9])?$ ]] || fail "--namespace $namespace: give lower-case letters, digits and -" 2
  [[ $timeout =~ ^([0-9]+[hms])+$ ]] || fail "--timeout $timeout: give a time such as 10m" 2
  if [[ $domain ]]; then
    check_domain
  elif [[ $only ]] && listed "$only" external-dns; then
    fail "external-dns has nothing to do without --domain" 2
  fi
}

check_domain() {
  [[ $domain =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$ ]] || fail "--domain $domain: give a name such as mood.example.com" 2
  if chosen gateway; then
    [[ $email =~ ^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$ ]] ||
      fail "--email ${email:-is missing}: Let's Encrypt wants an address such as you@example.com" 2
  fi
  if [[ $provider == cloudflare && -z $token ]] && { chosen gateway || chosen external-dns; }; then
    fail "no CLOUDFLARE_API_TOKEN in ${file:-$here/.env}: copy .env.example and fill it in, or say --dns-provider none"
  fi
}

check_cluster() {
  local tool
  for tool in kubectl helm; do
    command -v $tool >/dev/null || fail "no $tool on PATH: kubernetes.io/docs/tasks/tools and helm.sh/docs/intro/install tell how"
  done
  context=$(command kubectl config current-context 2>/dev/null) ||
    fail "kubectl has no current context: gke-cluster connect makes one, kubectl config use-context NAME chooses"
  # All goes to this one cluster, though somebody chooses another meanwhile.
  export HELM_KUBECONTEXT=$context
  kubectl() { command kubectl "$@" --context "$context"; }
  kubectl get --raw /version >/dev/null || fail "the cluster of the context $context does not answer"
  echo "Into the cluster of the context $context"
}

# A helm that was killed leaves its release locked, as one that is still at work does: only people can tell them apart.
check_lock() {
  local locked
  [[ $dry_run || $2 == - ]] && return
  locked=$(helm list --namespace "$2" --pending --short --filter "^$1\$")
  [[ -z $locked ]] || fail "another helm is at work on $1, or was killed at it. If nobody is: helm -n $2 rollback $1, or if that was
its first installation, helm -n $2 uninstall $1"
}

install() {
  local app=$1 where=$2 version=$3 from=$4 chart
  check_lock "$app" "$where"
  prepare "$app"
  case $from in
    *.yaml) run kubectl apply --server-side --field-manager install-apps --filename "$from" ;;
    *)
      case $from in
        ./*) chart=("$here/${from#./}") ;;
        oci://*) chart=("$from/$app" --version "$version" --values "$here/$app.yaml") ;;
        *) chart=("$app" --repo "$from" --version "$version" --values "$here/$app.yaml") ;;
      esac
      run helm upgrade --install "$app" "${chart[@]}" --namespace "$where" --create-namespace --timeout "$timeout" \
        ${settings[@]+"${settings[@]}"}
      ;;
  esac
  finish "$app"
}

summary() {
  local app route=''
  if [[ $dry_run ]]; then
    echo && echo "Nothing was run."
    return
  fi
  echo && echo "Installed: ${todo[*]}"
  for app in "${todo[@]}"; do reach "$app"; done
  [[ -z $domain ]] || route=" --set route.enabled=true --set 'route.hostnames={$domain}'"
  echo "Next, in <service>/charts: helm upgrade --install NAME ./NAME --namespace $namespace"
  echo "  The dashboard: helm upgrade --install bsky-sentiment-web ./bsky-sentiment-web --namespace $namespace$route"
  [[ $domain ]] ||
    echo "  then kubectl -n $namespace port-forward service/bsky-sentiment-web 3000, and localhost:3000"
}

check
[[ $dry_run ]] || check_cluster
todo=()
for app in "${apps[@]}"; do
  if chosen "$app"; then todo+=("$app"); fi
done
((${#todo[@]})) || fail "nothing is left to install: --only and --skip leave no app" 2

stopped() {
  local code=$?
  echo "install-apps.sh: $current is not installed, and nothing behind it was begun. Once that is mended, the same command goes on." >&2
  [[ $place == - ]] || echo "What its pods say: kubectl -n $place get pods; what Helm says: helm -n $place history $current" >&2
  exit "$code"
}

number=0
trap stopped EXIT
for at in "${!apps[@]}"; do
  chosen "${apps[at]}" || continue
  current=${apps[at]} place=${namespaces[at]} version=${versions[at]} number=$((number + 1))
  echo "[$number/${#todo[@]}] $current ${version#-}"
  install "$current" "$place" "$version" "${sources[at]}"
done
trap - EXIT
summary
