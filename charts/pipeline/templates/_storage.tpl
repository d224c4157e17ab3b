{{- define "pipeline.volumes" -}}
- name: tmp
  emptyDir: {}
{{- range $name, $path := .Values.writable }}
- name: {{ $name | quote }}
  emptyDir: {}
{{- end }}
{{- if eq .Values.modelCache.type "emptyDir" }}
- name: models
  emptyDir:
    sizeLimit: {{ .Values.modelCache.size }}
{{- else if eq .Values.modelCache.type "persistentVolumeClaim" }}
- name: models
  persistentVolumeClaim:
    claimName: {{ include "pipeline.name" . }}-models
{{- end }}
{{- end }}

{{- define "pipeline.modelCache" -}}
{{- if eq .Values.modelCache.type "persistentVolumeClaim" -}}
{{- if and (eq .Values.modelCache.accessMode "ReadWriteOnce") (or (gt (int (include "pipeline.mostReplicas" .)) 1) (ne .Values.strategy.type "Recreate")) -}}
{{- fail "modelCache.accessMode ReadWriteOnce binds the volume to one node, and pods on others would wait for ever: give ReadWriteMany and a class that can do it, or modelCache.type emptyDir, or one replica with strategy.type Recreate" -}}
{{- end -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ include "pipeline.name" . }}-models
  {{- include "pipeline.metadata" . | nindent 2 }}
spec:
  accessModes: [{{ .Values.modelCache.accessMode }}]
  {{- with .Values.modelCache.storageClassName }}
  storageClassName: {{ . | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ .Values.modelCache.size }}
{{- end -}}
{{- end }}
