#!/usr/bin/env bash
# Puts the variables of an env file into the Secret that a service's chart reads. Reached as <service>/charts/create-secrets.sh,
# a link whose folder says which service is meant.
set -euo pipefail
export LC_ALL=C # bytes: a value may be in no encoding at all

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -L)
service=$(basename "$(dirname "$here")")
namespace='' secret=$service-env file=$(dirname "$here")/.env.prod dry_run=''

usage() {
  cat <<END
Usage: create-secrets.sh [options]

Puts the variables of an env file into a Secret, whether it exists or not; what is no longer in the file is taken out of it.
Values are never printed, and never stand on a command line.

  -n, --namespace NAME     where to make it (default: kubectl's current one)
  -s, --secret-name NAME   its name (default: $service-env)
  -f, --env-file FILE      what to read (default: .env.prod in the service's folder)
      --dry-run            name the variables and change nothing
  -h, --help               this

A line of the file is NAME=value; 'single quotes' keep everything, "double quotes" know \\n, \\", \\\\ and \\\$, and without
quotes a # behind a blank begins a comment.
END
}

fail() {
  echo "create-secrets.sh: $1" >&2
  exit "${2:-1}"
}

# shellcheck source=charts/secrets.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/secrets.sh"

while (($#)); do
  case $1 in
    -h | --help) usage && exit ;;
    --dry-run) dry_run=yes && shift ;;
    -n | --namespace | -s | --secret-name | -f | --env-file)
      [[ -n ${2:-} && $2 != -* ]] || fail "$1 needs a value; --help tells more" 2
      case $1 in
        -n | --namespace) namespace=$2 ;;
        -s | --secret-name) secret=$2 ;;
        *) file=$2 ;;
      esac
      shift 2
      ;;
    *) fail "what is $1? --help lists the options" 2 ;;
  esac
done

[[ -f $here/$service/Chart.yaml ]] ||
  fail "no service's chart is beside $here/create-secrets.sh: run the one in <service>/charts"
[[ $secret =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ ]] ||
  fail "--secret-name $secret: give lower-case letters, digits, - and ." 2
[[ ! -d $file && -r $file ]] ||
  fail "cannot read $file: copy .env.example to .env.prod and fill it in, or name another file with --env-file"

read_env_file "$file"
((${#names[@]})) || fail "$file sets no variable"

if [[ $dry_run ]]; then
  echo "The Secret $secret${namespace:+ in the namespace $namespace} would hold:"
  printf '  %s\n' "${names[@]}"
  exit
fi

command -v kubectl >/dev/null || fail "no kubectl on PATH: kubernetes.io/docs/tasks/tools tells how to install it"
apply_secret "$secret" "$service" create-secrets ${namespace:+--namespace "$namespace"}
echo "Pods read it when they start: kubectl rollout restart deployment${namespace:+ --namespace $namespace} -l app.kubernetes.io/name=$service"
