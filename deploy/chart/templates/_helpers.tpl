{{- define "mlgate.labels" -}}
app.kubernetes.io/name: mlgate
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "mlgate.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "mlgate.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.runAs }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "mlgate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "mlgate.probeHook" -}}
{{ if .Values.probe.enabled }}post-install,post-upgrade,{{ end }}test
{{- end }}

{{- define "mlgate.placement" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "mlgate.refuseGiven" -}}
{{- range .words }}
{{- $name := . | trimPrefix "--" | splitList "=" | first }}
{{- if hasKey $.given $name }}
{{- $value := get $.given $name }}
{{- $advice := ternary (printf "the value %s gives: set that" $value) "the chart gives itself: leave it out" (ne $value "") }}
{{- fail (printf "%s has --%s, which %s" $.of $name $advice) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "mlgate.refuseLittle" -}}
{{- with dig "limits" "memory" "" .resources }}
{{- $unit := regexFind "[A-Za-z]+$" . }}
{{- $bytes := dict "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- if lt (mulf (trimSuffix $unit . | float64) (get $bytes $unit)) (mulf $.least 1048576) }}
{{- fail (printf "%s.limits.memory is %s, less than mlgate takes to start: %vMi or more" $.of . $.least) }}
{{- end }}
{{- end }}
{{- end }}
