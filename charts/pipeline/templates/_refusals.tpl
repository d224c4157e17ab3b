{{/* What no schema can say of values, and the cluster or the broker would say too late. */}}
{{- define "pipeline.refusals" -}}
{{- include "pipeline.refusedSections" . -}}
{{- include "pipeline.refusedFolders" . -}}
{{- include "pipeline.refusedPorts" . -}}
{{- include "pipeline.refusedLabels" . -}}
{{- include "pipeline.refusedNames" . -}}
{{- end }}

{{/* The schema cannot ask for them, as `helm lint` holds it against a chart's own values without those that it imports. */}}
{{- define "pipeline.refusedSections" -}}
{{- range list "secret" "secret.external" "broker" "service" "probes" "modelCache" "serviceAccount" "disruptionBudget" "networkPolicy" "monitoring" "monitoring.rules" "autoscaling" "route" -}}
{{- $found := $.Values -}}
{{- range splitList "." . -}}
{{- $found = get $found . -}}
{{- end -}}
{{- if not (kindIs "map" $found) -}}
{{- fail (printf "%s: null takes away all that stands below it, and the chart needs that; set what you mean in it" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "pipeline.refusedFolders" -}}
{{- $paths := list "/tmp" "/models" -}}
{{- range $name, $path := .Values.writable -}}
{{- if has $name (list "tmp" "models") -}}
{{- fail (printf "writable.%s: that name is taken by a folder of the chart's own; choose another" $name) -}}
{{- end -}}
{{- $path = trimSuffix "/" $path -}}
{{- if has $path $paths -}}
{{- fail (printf "writable.%s: %s is there twice, as /tmp is always writable and /models is modelCache's" $name $path) -}}
{{- end -}}
{{- $paths = append $paths $path -}}
{{- end -}}
{{- end }}

{{- define "pipeline.refusedPorts" -}}
{{- $ports := list (int64 .Values.port) -}}
{{- range $name, $port := .Values.service.extraPorts -}}
{{- if eq $name "http" -}}
{{- fail "service.extraPorts.http: that name is taken by `port`; choose another" -}}
{{- end -}}
{{- if has (int64 $port) $ports -}}
{{- fail (printf "service.extraPorts.%s: %d is there twice, as every port of a Service is its own" $name (int64 $port)) -}}
{{- end -}}
{{- $ports = append $ports (int64 $port) -}}
{{- end -}}
{{- end }}

{{- define "pipeline.refusedLabels" -}}
{{- range keys (include "pipeline.selector" . | fromYaml) -}}
{{- if hasKey ($.Values.podLabels | default dict) . -}}
{{- fail (printf "podLabels.%s: the chart says it itself, as its Service chooses pods by it; leave it out" .) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The users of the suite's own broker may say the default names alone, and a service with others would wait for ever. */}}
{{- define "pipeline.refusedNames" -}}
{{- if eq .Values.broker.users "suite" -}}
{{- range list "SERVICE_NAME" "NATS_STREAM" "NATS_SUBJECT" "NATS_KV_BUCKET" "INPUT_STREAM" "INPUT_SUBJECT" "OUTPUT_STREAM" "OUTPUT_SUBJECT" "CONSUMER_NAME" "QUEUE_GROUP" -}}
{{- if hasKey $.Values.config . -}}
{{- fail (printf "config.%s: the broker's users, in gke-cluster/helm/nats.yaml, may say its default alone. Leave it out; or change it there too, or have a broker of your own, and set broker.users=own" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
