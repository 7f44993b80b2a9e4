//go:build unix

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// byHand are the commands that an operator would type to see about one region what `status`
// reports; CONTEXT is the region's. They leave out what status requests from the primary and the
// access URLs, since no single command does that. So the comparison favors the operator.
const byHand = `
helm list --kube-context CONTEXT --all-namespaces --all
helm status coder-satellite --kube-context CONTEXT -n coder-satellite
helm get values coder-satellite --kube-context CONTEXT -n coder-satellite
helm get manifest coder-workspace-provider --kube-context CONTEXT -n coder
kubectl --context CONTEXT version
kubectl --context CONTEXT api-versions
kubectl --context CONTEXT get namespaces -o yaml
kubectl --context CONTEXT -n coder-satellite get pods
kubectl --context CONTEXT -n coder-satellite get deployments
kubectl --context CONTEXT -n coder-satellite get services
kubectl --context CONTEXT -n coder-satellite get secrets --show-labels
kubectl --context CONTEXT -n coder-satellite get secret coder-replica-private-key -o yaml
kubectl --context CONTEXT -n coder-satellite get configmap coder-satellite-journal -o yaml
kubectl --context CONTEXT -n coder-satellite get leases
kubectl --context CONTEXT get deployments --all-namespaces
kubectl --context CONTEXT -n coder get secrets -l owner=helm --show-labels
kubectl --context CONTEXT -n coder get serviceaccounts,roles,rolebindings,services,deployments -o yaml
`

// TestStatus compares `status` of three migrated regions with the commands by hand.
func TestStatus(t *testing.T) {
	const rounds = 5
	regions := []string{"sydney", "london", "ohio"}
	dir, env := labUp(t, regions)
	fleet := filepath.Join(dir, "fleet.yaml")
	programs := map[string]string{"helm": program(t, "helm"), "kubectl": program(t, "kubectl")}
	kubectl := programs["kubectl"]
	run(t, command{[]string{kubectl, "coder-satellite", "migrate", "-f", fleet, "--yes"}, env})
	var hand []command
	for _, region := range regions {
		for line := range strings.Lines(strings.TrimSpace(byHand)) {
			args := strings.Fields(strings.ReplaceAll(line, "CONTEXT", region))
			args[0] = programs[args[0]]
			hand = append(hand, command{args, env})
		}
	}
	status := []command{{[]string{kubectl, "coder-satellite", "status", "-f", fleet, "-o", "wide"}, env}}
	inTurn(t, 1, status, hand) // warms the discovery caches of both
	costs := inTurn(t, rounds, status, hand)
	fmt.Printf("\nThe state of %d regions, the median of %d runs each:\n", len(regions), rounds)
	fmt.Printf("  %-32s %6.0f ms, CPU %6.0f ms\n", "kubectl coder-satellite status", milliseconds(costs[0].wall), milliseconds(costs[0].cpu))
	fmt.Printf("  %-32s %6.0f ms, CPU %6.0f ms\n", fmt.Sprintf("%d helm and kubectl commands", len(hand)), milliseconds(costs[1].wall), milliseconds(costs[1].cpu))
	ratio(t, "time", float64(costs[0].wall), float64(costs[1].wall), 0.25)
}

// labUp starts a lab that is removed at the end of the test, and returns its folder and its
// environment. It does not use the packages of the end-to-end tests, see floor.
func labUp(t *testing.T, regions []string) (dir string, env []string) {
	t.Helper()
	lab := filepath.Join(bin(), "coder-satellite-lab")
	dir = filepath.Join(t.TempDir(), "lab")
	t.Cleanup(func() {
		if output, err := exec.Command(lab, "down", "--dir", dir).CombinedOutput(); err != nil {
			t.Errorf("the lab did not go down: %v\n%s", err, output)
		}
	})
	run(t, command{[]string{lab, "up", "--dir", dir, "--regions", strings.Join(regions, ","), "--build-time", "300ms"}, os.Environ()})
	output, err := exec.Command("bash", "-c", `. "$0"/env && env -0`, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	return dir, strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
}
