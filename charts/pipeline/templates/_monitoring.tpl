{{- define "pipeline.serviceMonitor" -}}
{{- if .Values.monitoring.enabled -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
    {{- with .Values.monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  # The rules ask for the chart's name, whatever the release is called.
  jobLabel: app.kubernetes.io/name
  selector:
    matchLabels:
      {{- include "pipeline.selector" . | nindent 6 }}
  endpoints:
    - port: http
      path: /metrics
      interval: {{ .Values.monitoring.interval }}
{{- end -}}
{{- end }}

{{/* The rules are the file that promtool tests and a laptop's Prometheus reads; only the runbooks' place is put in. */}}
{{- define "pipeline.prometheusRule" -}}
{{- if .Values.monitoring.rules.enabled -}}
{{- with .Files.Get "rules.yaml" -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ include "pipeline.name" $ }}
  {{- include "pipeline.metadata" $ | nindent 2 }}
    {{- with $.Values.monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- $repository := $.Values.monitoring.rules.repository | trimSuffix "/" }}
  {{- replace "runbook_url: " (empty $repository | ternary "runbook_url: " (printf "runbook_url: %s/" $repository)) . | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end }}
