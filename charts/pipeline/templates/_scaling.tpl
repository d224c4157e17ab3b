{{- define "pipeline.mostReplicas" -}}
{{- if eq .Values.autoscaling.provider "none" -}}
{{- .Values.replicaCount -}}
{{- else -}}
{{- .Values.autoscaling.maxReplicas -}}
{{- end -}}
{{- end }}

{{- define "pipeline.bounds" -}}
{{- with .Values.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas %d is more than autoscaling.maxReplicas %d" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "pipeline.disruptionBudget" -}}
{{- if .Values.disruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "pipeline.selector" . | nindent 6 }}
{{- end -}}
{{- end }}

{{/* Backlog and arrivals are figures of the whole pipeline, which the autoscaler divides by what one pod can do: their sizes do
not depend on the number of pods, so nothing feeds back. The larger wish wins. */}}
{{- define "pipeline.backlogPerReplica" -}}
{{- mul .Values.autoscaling.capacity .Values.autoscaling.backlogSeconds -}}
{{- end }}

{{- define "pipeline.arrivalsPerReplica" -}}
{{- max 1 (div (mul .Values.autoscaling.capacity .Values.autoscaling.utilisationPercent) 100) -}}
{{- end }}

{{- define "pipeline.horizontalPodAutoscaler" -}}
{{- if eq .Values.autoscaling.provider "hpa" -}}
{{- include "pipeline.bounds" . -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "pipeline.name" . }}
  minReplicas: {{ int64 .Values.autoscaling.minReplicas }}
  maxReplicas: {{ int64 .Values.autoscaling.maxReplicas }}
  metrics:
    - type: External
      external:
        metric:
          name: {{ .Values.autoscaling.metricsPrefix }}_global_backlog_messages
        target:
          type: AverageValue
          averageValue: {{ include "pipeline.backlogPerReplica" . | quote }}
    - type: External
      external:
        metric:
          name: {{ .Values.autoscaling.metricsPrefix }}_global_arrivals_per_second
        target:
          type: AverageValue
          averageValue: {{ include "pipeline.arrivalsPerReplica" . | quote }}
  {{- with .Values.autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end }}

{{- define "pipeline.scaledObject" -}}
{{- if eq .Values.autoscaling.provider "keda" -}}
{{- include "pipeline.bounds" . -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    name: {{ include "pipeline.name" . }}
  minReplicaCount: {{ int64 .Values.autoscaling.minReplicas }}
  maxReplicaCount: {{ int64 .Values.autoscaling.maxReplicas }}
  pollingInterval: 15
  {{- with .Values.autoscaling.behavior }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        {{- toYaml . | nindent 8 }}
  {{- end }}
  triggers:
    - type: prometheus
      metricType: AverageValue
      metadata:
        serverAddress: {{ .Values.autoscaling.prometheus | quote }}
        query: max({{ .Values.autoscaling.metricsPrefix }}_global_backlog_messages{namespace="{{ .Release.Namespace }}"})
        threshold: {{ include "pipeline.backlogPerReplica" . | quote }}
        ignoreNullValues: "false"
    - type: prometheus
      metricType: AverageValue
      metadata:
        serverAddress: {{ .Values.autoscaling.prometheus | quote }}
        query: max({{ .Values.autoscaling.metricsPrefix }}_global_arrivals_per_second{namespace="{{ .Release.Namespace }}"})
        threshold: {{ include "pipeline.arrivalsPerReplica" . | quote }}
        ignoreNullValues: "false"
{{- end -}}
{{- end }}
