package supervisor

import (
	"os"
	"strings"
	"testing"
)

const job = `apiVersion: batch/v1
kind: Job
metadata: {name: lab}
spec:
  completionMode: Indexed
  completions: 3
  parallelism: 3
  backoffLimitPerIndex: 1
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
    - {action: FailIndex, onExitCodes: {operator: In, values: [3]}}
    - {action: Ignore, onPodConditions: [{type: DisruptionTarget}]}
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      containers:
      - name: sh
        image: shell:1
        args:
        - -c
        - |
          PATH=/usr/bin:/bin; trap 'exit 130' TERM
          case $JOB_COMPLETION_INDEX in
          0) echo all is well;;
          1) exit 3;;
          2) echo waiting; while [ ! -e "$(TIMES)/second" ]; do sleep 0.05; done;;
          esac
        env: [{name: TIMES, value: LAB}]
`

// TestJob: the real controller runs a Job's pods as processes. One that is evicted is asked to end,
// and replaced.
func TestJob(t *testing.T) {
	lab := bringUpLab(t, "--regions", "sydney", "--run", "shell:1=/bin/sh")
	if err := os.WriteFile(lab.Path("job.yaml"), []byte(strings.ReplaceAll(job, "LAB", lab.Dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	shell(t, lab, `kubectl create serviceaccount default --dry-run=client -o yaml | kubectl apply -f - && kubectl apply -f job.yaml
		pods() { kubectl get pods -l batch.kubernetes.io/job-completion-index=$1 -o name; }
		timeout 60 sh -c 'until kubectl logs -l batch.kubernetes.io/job-completion-index=2 | grep waiting; do sleep 0.1; done'
		first=$(pods 2)
		echo '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"'${first#pod/}'"}}' > eviction.json
		kubectl create --raw "/api/v1/namespaces/default/pods/${first#pod/}/eviction" -f eviction.json
		kubectl wait --for=jsonpath='{.status.phase}'=Failed "$first" --timeout=60s || kubectl wait --for=delete "$first" --timeout=60s
		touch second
		kubectl wait --for=condition=Failed job/lab --timeout=120s`)
	if got := shell(t, lab, `kubectl get job lab -o jsonpath='{.status.completedIndexes} {.status.failedIndexes}'; kubectl logs $(kubectl get pods -o name -l batch.kubernetes.io/job-completion-index=0)`); got != "0,2 1all is well\n" {
		t.Errorf("the Job: %q", got)
	}
}
