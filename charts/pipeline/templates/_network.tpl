{{- define "pipeline.service" -}}
{{- if not (regexMatch "^[a-z][a-z0-9-]*$" .Release.Name) -}}
{{- fail (printf "the release cannot be called %s, as its Service takes the name: begin with a letter, go on with letters, digits and -" .Release.Name) -}}
{{- end -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  type: {{ .Values.service.type }}
  selector:
    {{- include "pipeline.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .Values.port }}
      targetPort: http
    {{- range $name, $port := .Values.service.extraPorts }}
    - name: {{ $name | quote }}
      port: {{ $port }}
      targetPort: {{ $name | quote }}
    {{- end }}
{{- end }}

{{/* Probes come from the node itself, which no policy keeps out. */}}
{{- define "pipeline.networkPolicy" -}}
{{- if .Values.networkPolicy.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "pipeline.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- if or .Values.networkPolicy.from .Values.networkPolicy.extraIngress }}
  ingress:
    {{- with .Values.networkPolicy.from }}
    - from:
        {{- range . }}
        - {{- include "pipeline.podsOf" . | nindent 10 }}
        {{- end }}
      ports:
        - { port: http, protocol: TCP }
    {{- end }}
    {{- with .Values.networkPolicy.extraIngress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  egress:
    - to:
        - {{- include "pipeline.podsOf" "kube-system" | nindent 10 }}
        - ipBlock: { cidr: 169.254.20.10/32 } # the node's own DNS cache, where a cluster has it
      ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }
    - to:
        - {{- include "pipeline.podsOf" .Values.networkPolicy.broker | nindent 10 }}
      ports:
        - { port: 4222, protocol: TCP }
    {{- if .Values.networkPolicy.internet }}
    - to:
        - ipBlock:
            cidr: 0.0.0.0/0
            except: [10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
      ports:
        - { port: 443, protocol: TCP }
    {{- end }}
    {{- with .Values.networkPolicy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
{{- end }}

{{- define "pipeline.podsOf" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}

{{- define "pipeline.httpRoute" -}}
{{- if .Values.route.enabled -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "pipeline.name" . }}
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  parentRefs:
    - {{- toYaml .Values.route.gateway | nindent 6 }}
  {{- with .Values.route.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range .Values.route.hidden }}
    - matches:
        - path: { type: PathPrefix, value: {{ . | quote }} }
      filters:
        - type: RequestRedirect
          requestRedirect: { path: { type: ReplaceFullPath, replaceFullPath: / }, statusCode: 302 }
    {{- end }}
    - backendRefs:
        - name: {{ include "pipeline.name" . }}
          port: {{ .Values.port }}
{{- end -}}
{{- end }}
