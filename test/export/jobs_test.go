package export

import (
	"strings"
	"testing"
)

// The API server takes the Jobs, knows each of their fields, and has nothing to say against their pods under the restricted
// Pod Security level; it does about one that may run as root. Exported again, they are the same.
func TestJobsFitServer(t *testing.T) {
	file := write(t, "fleet.yaml", `
apiVersion: coder-satellite.dev/v1alpha1
kind: Fleet
coder: {url: https://coder.example.com}
regions:
- {name: sydney, context: sydney, accessURL: "https://coder-sydney.example.com"}
- {name: US_east.1, context: "a:b/c", accessURL: "https://coder-us.example.com"}
rollout: {home: sydney, waves: [{name: Canary.1, regions: [sydney]}, {name: "2"}]}
`)
	args := []string{"export", "jobs", "-f", file, "--image", "registry.example.com/coder-satellite:v0.1.0"}
	text := plugin(t, args...)
	if again := plugin(t, args...); again != text {
		t.Error("exported again, they differ")
	}
	shared, _, _ := strings.Cut(text, "\napiVersion: batch/v1")
	kubectl(t, "apply", "--server-side", "--filename", write(t, "shared.yaml", shared)) // the namespace must be there
	apply := func(text string) (stderr string, code int) {
		result := lab.Run(t.Context(), nil, "kubectl", "--context", "sydney", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", write(t, "jobs.yaml", text))
		return result.Stderr, result.Code
	}
	if stderr, code := apply(text); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if stderr, code := apply(strings.ReplaceAll(text, "runAsNonRoot: true", "runAsNonRoot: false")); code != 0 || strings.Count(stderr, "runAsNonRoot") != 2 {
		t.Errorf("as root: exit code %d, %s", code, stderr)
	}
	if stderr, code := apply(strings.ReplaceAll(text, "podReplacementPolicy:", "podReplacementPolicies:")); code == 0 || !strings.Contains(stderr, "podReplacementPolicies") {
		t.Errorf("an unknown field: exit code %d, %s", code, stderr)
	}
}
