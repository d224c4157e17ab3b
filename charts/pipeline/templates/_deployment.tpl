{{- define "pipeline.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "pipeline.serviceAccountName" . | quote }}
  {{- include "pipeline.metadata" . | nindent 2 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}
{{- end }}

{{- define "pipeline.deployment" -}}
{{- if gt (addf .Values.preStopSeconds (.Values.config.DRAIN_SECONDS | default 0)) (float64 .Values.terminationGracePeriodSeconds) -}}
{{- fail (printf "terminationGracePeriodSeconds %d is less than preStopSeconds and config.DRAIN_SECONDS together: pods would be killed before they have ended" (int64 .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  {{- if eq .Values.autoscaling.provider "none" }}
  replicas: {{ int64 .Values.replicaCount }}
  {{- end }}
  strategy:
    {{- toYaml .Values.strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "pipeline.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "pipeline.selector" . | nindent 8 }}
        {{- with .Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ printf "%s%s" (toJson .Values.config) (toJson .Values.secret.values) | sha256sum | quote }}
        {{- with .Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "pipeline.pod" . | nindent 6 }}
{{- end }}

{{- define "pipeline.pod" -}}
serviceAccountName: {{ include "pipeline.serviceAccountName" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ int64 .Values.user }}
  runAsGroup: {{ int64 .Values.user }}
  fsGroup: {{ int64 .Values.user }}
  seccompProfile:
    type: RuntimeDefault
terminationGracePeriodSeconds: {{ int64 .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ .Values.spreadOver | quote }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "pipeline.selector" . | nindent 8 }}
containers:
  - {{- include "pipeline.container" . | nindent 4 }}
volumes:
  {{- include "pipeline.volumes" . | nindent 2 }}
{{- end }}

{{- define "pipeline.container" -}}
name: {{ .Chart.Name }}
image: {{ include "pipeline.image" . }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
envFrom:
  {{- include "pipeline.environment" . | nindent 2 }}
env:
  {{- range list "HEALTH_CHECK_PORT" "PORT" }} # as the Python services call it, and the dashboard
  - name: {{ . }}
    value: {{ $.Values.port | quote }}
  {{- end }}
  {{- if ne .Values.modelCache.type "none" }}
  - name: HF_HOME
    value: /models
  {{- end }}
ports:
  - name: http
    containerPort: {{ .Values.port }}
  {{- range $name, $port := .Values.service.extraPorts }}
  - name: {{ $name | quote }}
    containerPort: {{ $port }}
  {{- end }}
startupProbe:
  httpGet: { path: {{ .Values.probes.health | quote }}, port: http }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (add .Values.probes.startSeconds 1) 2 }}
livenessProbe:
  httpGet: { path: {{ .Values.probes.health | quote }}, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: {{ .Values.probes.ready | quote }}, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- with .Values.preStopSeconds }}
lifecycle:
  preStop:
    sleep: { seconds: {{ int64 . }} }
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- range $name, $path := .Values.writable }}
  - name: {{ $name | quote }}
    mountPath: {{ $path | quote }}
  {{- end }}
  {{- if ne .Values.modelCache.type "none" }}
  - name: models
    mountPath: /models
  {{- end }}
{{- end }}

{{- define "pipeline.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest | quote -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote -}}
{{- end -}}
{{- end }}
