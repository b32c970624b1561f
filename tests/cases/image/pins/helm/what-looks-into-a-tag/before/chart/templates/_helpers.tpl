{{- define "x.labels" -}}
app.kubernetes.io/version: {{ .Values.labelled.tag | quote }}
{{- end -}}
