{{/* A pod of one of our services. Takes a dict of root, component (the image's role), values (the component's). */}}
{{- define "vectorizer.pod" -}}
{{- $root := .root }}
{{- $values := $root.Values }}
{{- $asksProducers := and $values.tls.calloutSecret (eq .component "gateway") }}
{{- $usesRedis := and $values.redis.enabled (has .component (list "gateway" "query")) }}
metadata:
  labels:
    {{- include "vectorizer.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "vectorizer.fullname" $root }}
  automountServiceAccountToken: false
  # Nobody reads them, and their names look like settings of ours.
  enableServiceLinks: false
  # Longer than a service gives itself.
  terminationGracePeriodSeconds: 45
  {{- with $values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- include "vectorizer.podSecurity" 10001 | nindent 4 }}
  {{- include "vectorizer.placement" . | nindent 2 }}
  containers:
    - name: {{ .component }}
      image: {{ include "vectorizer.image" $root }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: [{{ .component }}]
      securityContext:
        {{- include "vectorizer.containerSecurity" . | nindent 8 }}
      ports:
        - name: {{ include "vectorizer.scheme" $root }}
          containerPort: 15002
      env:
        {{- include "vectorizer.env" . | nindent 8 }}
      {{- $probe := dict "port" 15002 "scheme" (include "vectorizer.scheme" $root | upper) }}
      # An index node that starts may have millions of vectors to index anew.
      startupProbe:
        httpGet: {{ merge (dict "path" "/health/live") $probe | toJson }}
        periodSeconds: 2
        failureThreshold: {{ eq .component "index" | ternary 1800 60 }}
      livenessProbe:
        httpGet: {{ merge (dict "path" "/health/live") $probe | toJson }}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        httpGet: {{ merge (dict "path" "/health/ready") $probe | toJson }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if eq .component "gateway" }}
        - { name: keys, mountPath: /keys{{ if $values.gateway.firstKeySecret }}, readOnly: true{{ end }} }
        {{- end }}
        {{- if eq .component "index" }}
        - { name: data, mountPath: /data }
        {{- end }}
        {{- if $values.tls.enabled }}
        - { name: tls, mountPath: /tls, readOnly: true }
        {{- end }}
        {{- if and (eq .component "gateway") $values.gateway.httpsSecret }}
        - { name: https, mountPath: /https, readOnly: true }
        {{- end }}
        {{- if $asksProducers }}
        - { name: callout, mountPath: /callout, readOnly: true }
        - { name: revoker, mountPath: /revoker, readOnly: true }
        {{- end }}
        {{- if $usesRedis }}
        - { name: redis, mountPath: /redis, readOnly: true }
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 256Mi }
    {{- if eq .component "gateway" }}
    - name: keys
      {{- if $values.gateway.firstKeySecret }}
      secret:
        secretName: {{ $values.gateway.firstKeySecret }}
        defaultMode: 0440
        items:
          - { key: admin.key, path: admin.key }
      {{- else }}
      # The first key, until it has been read; the pod that made it has it.
      emptyDir: { medium: Memory, sizeLimit: 1Mi }
      {{- end }}
    {{- end }}
    {{- if $values.tls.enabled }}
    - name: tls
      secret: { secretName: {{ include "vectorizer.tlsSecret" . }}, defaultMode: 0440 }
    {{- end }}
    {{- if and (eq .component "gateway") $values.gateway.httpsSecret }}
    - name: https
      secret: { secretName: {{ $values.gateway.httpsSecret }}, defaultMode: 0440 }
    {{- end }}
    {{- if $asksProducers }}
    - name: callout
      secret:
        secretName: {{ $values.tls.calloutSecret }}
        defaultMode: 0440
        items:
          - { key: callout.seed, path: seed }
    - name: revoker
      secret: { secretName: {{ include "vectorizer.tlsSecret" (dict "root" $root "component" "revoker") }}, defaultMode: 0440 }
    {{- end }}
    {{- if $usesRedis }}
    - name: redis
      secret:
        secretName: {{ include "vectorizer.redisSecret" $root }}
        defaultMode: 0440
        items:
          - { key: redis-{{ .component }}.secret, path: password }
    {{- end }}
{{- end }}

{{- define "vectorizer.env" -}}
{{- $root := .root }}
{{- $values := $root.Values }}
{{- $tls := $values.tls.enabled }}
{{- $fullname := include "vectorizer.fullname" $root }}
{{- $env := dict
  "VECTORIZER_LOG_LEVEL" $values.logLevel
  "VECTORIZER_NATS_URL" (include "vectorizer.natsUrls" (dict "root" $root "scheme" "nats" "port" 4222))
  "VECTORIZER_NATS_MONITOR_URL" (include "vectorizer.natsUrls" (dict "root" $root "scheme" (include "vectorizer.scheme" $root) "port" 8222))
  "VECTORIZER_LOG_REPLICAS" (min 3 (int $values.nats.replicas) | toString) }}
{{- if not $values.metrics.keySecret.name }}{{ $_ := set $env "VECTORIZER_OPEN_METRICS" "true" }}{{ end }}
{{- with $values.tracing.endpoint }}{{ $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" . }}{{ end }}
{{- if $tls }}
{{- $_ := merge $env (dict "VECTORIZER_TLS_CA_FILE" "/tls/ca.crt" "VECTORIZER_TLS_CERT_FILE" "/tls/tls.crt" "VECTORIZER_TLS_KEY_FILE" "/tls/tls.key") }}
{{- end }}
{{- if and $values.tls.calloutSecret (eq .component "gateway") }}
{{- $_ := merge $env (dict "VECTORIZER_CALLOUT_SEED_FILE" "/callout/seed" "VECTORIZER_REVOKER_CERT_FILE" "/revoker/tls.crt" "VECTORIZER_REVOKER_KEY_FILE" "/revoker/tls.key") }}
{{- end }}
{{- if and $values.tls.calloutSecret (eq .component "ingest") }}{{ $_ := set $env "VECTORIZER_KNOWN_PRODUCERS" "true" }}{{ end }}
{{- if and $values.redis.enabled (has .component (list "gateway" "query")) }}
{{- $_ := merge $env (dict
  "VECTORIZER_REDIS_URL" (printf "%s://%s@%s-redis:6379" ($tls | ternary "rediss" "redis") .component $fullname)
  "VECTORIZER_REDIS_PASSWORD_FILE" "/redis/password") }}
{{- end }}
{{- if eq .component "gateway" }}
{{- $_ := merge $env (dict "VECTORIZER_DEFAULT_SHARDS" (toString $values.collections.shards) "VECTORIZER_DEFAULT_REPLICAS" (toString $values.collections.replicas)) }}
{{- if $values.gateway.httpsSecret }}
{{- if not $tls }}{{ fail "gateway.httpsSecret needs tls.enabled" }}{{ end }}
{{- $_ := merge $env (dict "VECTORIZER_HTTPS_CERT_FILE" "/https/tls.crt" "VECTORIZER_HTTPS_KEY_FILE" "/https/tls.key") }}
{{- end }}
{{- end }}
{{- range $name, $value := merge (dict) .values.env $values.env }}
{{- if hasKey $env $name }}{{ fail (printf "%s is the chart's to decide" $name) }}{{ end }}
{{- $_ := set $env $name (toString $value) }}
{{- end }}
{{- range $name, $value := $env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
