# shellcheck shell=bash
# What single apps need besides their chart, for install-apps.sh, which sources this and sets what is read here.
services=(
  ingest:nats-firehose-ingest processor:nats-stream-processor topics:nats-stream-processor-topics
  mock-ingest:mock-ingest web:bsky-sentiment-web
)

run() {
  if [[ $dry_run ]]; then
    printf '   '
    printf ' %q' "$@"
    echo
  else
    "$@"
  fi
}

make_namespace() {
  [[ $dry_run ]] && return
  kubectl apply --server-side --field-manager install-apps -f - <<END
apiVersion: v1
kind: Namespace
metadata:
  name: $1
END
}

# Puts `names` and `values` into the Secret $2 in the namespace $1.
keep() {
  if [[ $dry_run ]]; then
    echo "    Secret $2 in $1: ${names[*]}"
  else
    apply_secret "$2" install-apps install-apps --namespace "$1"
  fi
}

# Sets `password` to what the cluster has under the key $3 of the Secret $2 in the namespace $1, else to a new one. It begins with
# a letter, as the broker would read some as numbers.
find_password() {
  password=''
  [[ $dry_run ]] && return
  password=$(kubectl --namespace "$1" get secret "$2" --ignore-not-found \
    --output "go-template={{with index .data \"$3\"}}{{. | base64decode}}{{end}}")
  [[ -n $password ]] || password=p$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
}

keep_token() {
  make_namespace "$1"
  names=(CLOUDFLARE_API_TOKEN) values=("$token")
  keep "$1" cloudflare
}

keep_grafana_password() {
  make_namespace monitoring
  find_password monitoring grafana-admin admin-password
  names=(admin-user admin-password) values=(admin "$password")
  keep monitoring grafana-admin
}

# The broker's own Secret has every password; each service's has the address with its own in it, and is read by its chart.
keep_nats_passwords() {
  local each users=() passwords=() at
  make_namespace nats
  make_namespace "$namespace"
  for each in "${services[@]}" admin; do
    find_password nats nats-users "${each%%:*}"
    users+=("${each%%:*}") passwords+=("$password")
  done
  names=("${users[@]}") values=("${passwords[@]}")
  keep nats nats-users
  names=(user password) values=(admin "$password")
  keep nats nats-admin
  for at in "${!services[@]}"; do
    names=(NATS_URL) values=("nats://${users[at]}:${passwords[at]}@nats.nats.svc.cluster.local:4222")
    keep "$namespace" "${services[at]#*:}-nats"
  done
}

# Before the app $1; `settings` becomes what its values file leaves open.
prepare() {
  settings=()
  case $1 in
    external-dns)
      keep_token external-dns
      settings=(--set-string "domainFilters[0]=$domain" --set-string "txtOwnerId=$domain")
      ;;
    gateway)
      settings=(--set-string "routesFrom=$namespace")
      if [[ $domain ]]; then
        settings+=(--set-string "domain=$domain" --set-string "email=$email" --set-string "dnsProvider=$provider")
      fi
      if [[ $domain && $provider == cloudflare ]]; then
        keep_token cert-manager
      fi
      ;;
    kube-prometheus-stack) keep_grafana_password ;;
    nats-network) settings=(--set-string "clients[0]=$namespace") ;;
    nats) keep_nats_passwords ;;
    # Its nodes are ready only when a hook has joined them, and with --wait Helm would run the hook after that.
    cockroachdb) return ;;
  esac
  settings+=(--wait)
}

# Behind the app $1.
finish() {
  case $1 in
    gateway-api)
      run kubectl wait --for condition=Established --timeout "$timeout" crd/gateways.gateway.networking.k8s.io \
        crd/httproutes.gateway.networking.k8s.io
      ;;
    nack) run kubectl apply --server-side --field-manager install-apps --filename "$here/nack-account.yaml" ;;
    cockroachdb) run kubectl --namespace cockroachdb rollout status statefulset/cockroachdb --timeout "$timeout" ;;
  esac
}

# How to come to the app $1.
reach() {
  case $1 in
    gateway)
      echo "The gateway's address: kubectl -n nginx-gateway get gateway nginx -o jsonpath='{.status.addresses[0].value}'"
      if [[ $domain && $provider == none ]]; then
        echo "  Let $domain point there: its certificate comes once it does."
      fi
      ;;
    kube-prometheus-stack)
      echo "Grafana: kubectl -n monitoring port-forward service/kube-prometheus-stack-grafana 3001:80, then localhost:3001; user admin,"
      echo "  password: kubectl -n monitoring get secret grafana-admin -o go-template='{{index .data \"admin-password\" | base64decode}}'"
      echo "Prometheus: kubectl -n monitoring port-forward service/kube-prometheus-stack-prometheus 9090, then localhost:9090"
      ;;
    nats)
      echo "The broker: kubectl -n nats exec -it deployment/nats-box -- nats stream report"
      echo "Its monitoring: kubectl -n nats port-forward pod/nats-0 8222, then localhost:8222"
      ;;
    cockroachdb)
      echo "CockroachDB, inside: cockroachdb-public.cockroachdb.svc.cluster.local:26257, with TLS"
      ;;
  esac
}
