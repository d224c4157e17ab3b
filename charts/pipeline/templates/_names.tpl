{{/* The release's name; the chart's behind it where that is not in it. Room is left for endings such as -env. */}}
{{- define "pipeline.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "pipeline.secretName" -}}
{{- .Values.secret.name | default (printf "%s-env" .Chart.Name) -}}
{{- end }}

{{- define "pipeline.serviceAccountName" -}}
{{- $own := ternary (include "pipeline.name" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end }}

{{/* What a Service, a budget and a policy choose their pods by; it must not change between versions. */}}
{{- define "pipeline.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "pipeline.metadata" -}}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "pipeline.selector" . | nindent 2 }}
  app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
  app.kubernetes.io/part-of: bluesky-pipeline
  app.kubernetes.io/managed-by: {{ .Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
