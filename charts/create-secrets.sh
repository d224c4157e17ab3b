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

# Double quotes' escapes, in one pass from the left: replacing one kind after the other would find "\\n" twice.
unescape() {
  local rest=$1 done=''
  while [[ $rest == *\\* ]]; do
    done+=${rest%%\\*} rest=${rest#*\\}
    case ${rest:0:1} in
      n) done+=$'\n' ;;
      '"' | "\\" | '$') done+=${rest:0:1} ;;
      *) done+="\\${rest:0:1}" ;;
    esac
    rest=${rest:1}
  done
  value=$done$rest
}

# Sets `value` to what stands behind the first "=". Errors name the line and never what is in it.
read_value() {
  local given=$1 place=$2
  local single="^'([^']*)'[[:space:]]*(#.*)?$" double='^"(([^"\\]|\\.)*)"[[:space:]]*(#.*)?$'
  if [[ $given =~ $single ]]; then
    value=${BASH_REMATCH[1]}
  elif [[ $given =~ $double ]]; then
    unescape "${BASH_REMATCH[1]}"
  elif [[ $given == [\'\"]* ]]; then
    fail "$place: the quote is not closed, or something stands behind it"
  else
    value=${given%%[[:space:]]#*}
    [[ $given == \#* ]] && value=''
    value=${value%"${value##*[![:space:]]}"}
  fi
}

names=() data=''
number=0
while IFS= read -r line || [[ -n $line ]]; do
  number=$((number + 1))
  ((number > 1)) || line=${line#$'\xef\xbb\xbf'} # the mark that some editors put before UTF-8
  line=${line%$'\r'}
  [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
  [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$ ]] ||
    fail "$file line $number is no NAME=value"
  name=${BASH_REMATCH[2]}
  [[ " ${names[*]-} " != *" $name "* ]] || fail "$file line $number: $name stands there twice"
  read_value "${BASH_REMATCH[3]}" "$file line $number"
  names+=("$name")
  data+="  $name: $(printf %s "$value" | base64 | tr -d '\n')"$'\n'
done <"$file"
((${#names[@]})) || fail "$file sets no variable"

if [[ $dry_run ]]; then
  echo "The Secret $secret${namespace:+ in the namespace $namespace} would hold:"
  printf '  %s\n' "${names[@]}"
  exit
fi

command -v kubectl >/dev/null || fail "no kubectl on PATH: kubernetes.io/docs/tasks/tools tells how to install it"
# Applied by the server: kubectl's own way would keep the values a second time, in an annotation.
kubectl apply --server-side --force-conflicts --field-manager create-secrets ${namespace:+--namespace "$namespace"} -f - <<END
apiVersion: v1
kind: Secret
metadata:
  name: "$secret"
  labels:
    app.kubernetes.io/name: "$service"
    app.kubernetes.io/part-of: bluesky-pipeline
type: Opaque
data:
$data
END
echo "Pods read it when they start: kubectl rollout restart deployment${namespace:+ --namespace $namespace} -l app.kubernetes.io/name=$service"
