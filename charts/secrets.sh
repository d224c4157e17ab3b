# shellcheck shell=bash
# Env files and the Secrets made of them, for the scripts that source this. They have a function `fail`, which ends them with
# what it is told. `names` and `values` belong together; no value ever stands on a command line.
names=() values=()

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

# Sets `names` and `values` to what the file says.
read_env_file() {
  local file=$1 line name value number=0
  names=() values=()
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
    values+=("$value")
  done <"$file"
}

# Puts `names` and `values` into the Secret $1 of the app $2, by the field manager $3; further words are kubectl's own. It is
# applied by the server: kubectl's own way would keep the values a second time, in an annotation.
apply_secret() {
  local secret=$1 app=$2 manager=$3 data='' at
  shift 3
  for at in "${!names[@]}"; do
    data+="  ${names[at]}: $(printf %s "${values[at]}" | base64 | tr -d '\n')"$'\n'
  done
  kubectl apply --server-side --force-conflicts --field-manager "$manager" "$@" -f - <<END
apiVersion: v1
kind: Secret
metadata:
  name: "$secret"
  labels:
    app.kubernetes.io/name: "$app"
    app.kubernetes.io/part-of: bluesky-pipeline
type: Opaque
data:
$data
END
}
