{{- define "vectorizer.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "vectorizer.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "vectorizer.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "vectorizer.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Takes a dict of root and component. */}}
{{- define "vectorizer.selector" -}}
app.kubernetes.io/name: {{ include "vectorizer.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "vectorizer.labels" -}}
{{ include "vectorizer.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: vectorizer
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "vectorizer.metadata" -}}
name: {{ include "vectorizer.fullname" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "vectorizer.labels" . | nindent 2 }}
{{- end }}

{{- define "vectorizer.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{/* The name of a certificate is what the log server knows its owner by. */}}
{{- define "vectorizer.identity" -}}
{{ eq . "replication-monitor" | ternary "monitor" . }}
{{- end }}

{{- define "vectorizer.tlsSecret" -}}
{{- $identity := include "vectorizer.identity" .component }}
{{- $existing := index .root.Values.tls.existingSecrets $identity }}
{{- if $existing }}{{ $existing }}
{{- else if .root.Values.tls.certManager.enabled }}{{ include "vectorizer.fullname" .root }}-tls-{{ $identity }}
{{- else }}{{ fail (printf "tls.existingSecrets.%s is needed where cert-manager is not to make certificates" $identity) }}
{{- end }}
{{- end }}

{{- define "vectorizer.redisSecret" -}}
{{ default (printf "%s-redis-users" (include "vectorizer.fullname" .)) .Values.redis.existingSecret }}
{{- end }}

{{- define "vectorizer.scheme" -}}
{{ .Values.tls.enabled | ternary "https" "http" }}
{{- end }}

{{/* Every log server's address, separated by commas; takes a dict of root, scheme and port. */}}
{{- define "vectorizer.natsUrls" -}}
{{- $fullname := include "vectorizer.fullname" .root }}
{{- $urls := list }}
{{- range $i := until (int .root.Values.nats.replicas) }}
{{- $urls = append $urls (printf "%s://%s-nats-%d.%s-nats:%d" $.scheme $fullname $i $fullname (int $.port)) }}
{{- end }}
{{- join "," $urls }}
{{- end }}

{{/* Takes a user id, which is the group's too. */}}
{{- define "vectorizer.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "vectorizer.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where and beside whom pods run. */}}
{{- define "vectorizer.placement" -}}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ .topologyKey }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "vectorizer.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The one volume of a stateful set; takes its persistence. */}}
{{- define "vectorizer.claim" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClass }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size }}
{{- end }}
