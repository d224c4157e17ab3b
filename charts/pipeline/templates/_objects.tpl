{{/* Every object of a service, so that a chart's own template is one line; what is switched off leaves nothing. */}}
{{- define "pipeline.objects" -}}
{{- include "pipeline.refusals" . -}}
{{- range list "serviceAccount" "configMap" "secret" "externalSecret" "modelCache" "deployment" "service" "disruptionBudget" "networkPolicy" "horizontalPodAutoscaler" "scaledObject" "httpRoute" "serviceMonitor" "prometheusRule" }}
{{- with include (printf "pipeline.%s" .) $ }}
---
{{ . }}
{{- end }}
{{- end }}
{{- end }}
