{{- define "pipeline.notes" -}}
{{- include "pipeline.refusals" . -}}
{{- $name := include "pipeline.name" . -}}
{{ .Chart.Name }} {{ .Chart.AppVersion }} is installed as {{ $name }} in {{ .Release.Namespace }}.

  kubectl -n {{ .Release.Namespace }} rollout status deployment/{{ $name }}
  kubectl -n {{ .Release.Namespace }} logs deployment/{{ $name }} -f
  kubectl -n {{ .Release.Namespace }} port-forward service/{{ $name }} {{ .Values.port }}    # then: curl localhost:{{ .Values.port }}{{ .Values.probes.ready }}

{{ .Values.probes.ready }} says what is missing while a pod is not ready.
{{- if eq .Values.secret.provider "existing" }}
Secret variables are read from the Secret {{ include "pipeline.secretName" . }}, which ../create-secrets.sh -n {{ .Release.Namespace }}{{ with .Values.secret.name }} -s {{ . }}{{ end }} makes{{ if .Values.secret.optional }}; without it the defaults hold{{ end }}.
{{- end }}
{{- if ne .Values.autoscaling.provider "none" }}
Scaled by {{ .Values.autoscaling.provider }} from {{ .Values.autoscaling.minReplicas }} to {{ .Values.autoscaling.maxReplicas }} pods; see what it sees:

  kubectl -n {{ .Release.Namespace }} describe hpa {{ if eq .Values.autoscaling.provider "keda" }}keda-hpa-{{ end }}{{ $name }}
{{- end }}
{{- if .Values.route.enabled }}
Public at {{ join ", " .Values.route.hostnames | default "the gateway's address" }}.
{{- end }}
{{- end }}
