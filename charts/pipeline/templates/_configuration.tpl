{{- define "pipeline.configMap" -}}
{{- if contains "@" (toString .Values.config.NATS_URL) -}}
{{- fail "config.NATS_URL holds a user or a password, and whoever may look at the ConfigMap reads it: put NATS_URL into the Secret, as ../create-secrets.sh does" -}}
{{- end -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
data:
  {{- include "pipeline.variables" .Values.config | indent 2 }}
{{- end }}

{{- define "pipeline.secret" -}}
{{- if eq .Values.secret.provider "values" -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ include "pipeline.secretName" . | quote }}
  {{- include "pipeline.metadata" . | nindent 2 }}
type: Opaque
stringData:
  {{- include "pipeline.variables" .Values.secret.values | indent 2 }}
{{- end -}}
{{- end }}

{{- define "pipeline.externalSecret" -}}
{{- if eq .Values.secret.provider "external" -}}
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ include "pipeline.secretName" . | quote }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  refreshInterval: {{ .Values.secret.external.refreshInterval }}
  secretStoreRef:
    {{- toYaml .Values.secret.external.storeRef | nindent 4 }}
  target:
    name: {{ include "pipeline.secretName" . | quote }}
  dataFrom:
    - extract:
        key: {{ .Values.secret.external.key | quote }}
{{- end -}}
{{- end }}

{{/* Helm reads a values file's numbers as floats: without the integers' own case 5000000 would be written 5e+06. Names are quoted
too, as NO and Y are booleans in YAML. */}}
{{- define "pipeline.variables" -}}
{{- range $name, $value := . }}
{{ $name | quote }}: {{ if and (kindIs "float64" $value) (eq $value (floor $value)) }}{{ int64 $value | quote }}{{ else }}{{ $value | quote }}{{ end }}
{{- end }}
{{- end }}

{{/* Of a variable that stands in several, the last one counts: what whoever runs the broker says of it. */}}
{{- define "pipeline.environment" -}}
- configMapRef:
    name: {{ include "pipeline.name" . }}
{{- if ne .Values.secret.provider "none" }}
- secretRef:
    name: {{ include "pipeline.secretName" . | quote }}
    optional: {{ and (eq .Values.secret.provider "existing") .Values.secret.optional }}
{{- end }}
- secretRef:
    name: {{ .Values.broker.secret | default (printf "%s-nats" .Chart.Name) | quote }}
    optional: {{ empty .Values.broker.secret }}
{{- end }}
