{{- define "keys.image" -}}
{{ include "common.images.image" (dict "imageRoot" .Values.image "global" .Values.global "chart" .Chart) }}
{{- end -}}
{{- define "keys.version" -}}
{{ .Values.web.tag | trunc 10 }}
{{- end -}}
