package supervisor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// binary returns a program that `make test` has built.
func binary(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "..", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("run `make test`, which builds bin/%s: %v", name, err)
	}
	return path
}

// run runs a program and returns its output.
func run(t *testing.T, command *exec.Cmd) (string, error) {
	t.Helper()
	output, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, output)
	}
	return string(output), err
}

// bringUpLab brings up a real lab, with further arguments for `up`, and takes it down when the
// test ends.
func bringUpLab(t *testing.T, args ...string) *layout.Lab {
	t.Helper()
	program, dir := binary(t, "coder-satellite-lab"), filepath.Join(t.TempDir(), "lab")
	t.Cleanup(func() {
		if _, err := run(t, exec.Command(program, "down", "--dir", dir)); err != nil {
			t.Error(err)
		}
	})
	output, err := run(t, exec.Command(program, append([]string{"up", "--dir", dir, "--build-time", "100ms"}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(output, "the lab is up") {
		t.Errorf("up said %q", output)
	}
	lab, err := layout.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// shell runs a script in a shell that has sourced the lab's env.
func shell(t *testing.T, lab *layout.Lab, script string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-ec", `. "$0/env"; `+script, lab.Dir)
	command.Dir = lab.Dir
	output, err := run(t, command)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// closed returns nil if nothing listens at the URL.
func closed(address string) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return err
	}
	connection, err := net.DialTimeout("tcp", parsed.Host, 5*time.Second)
	if err == nil {
		return errors.Join(fmt.Errorf("%s is open", address), connection.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s does not refuse connections: %w", address, err)
	}
	return nil
}

// processes are those whose command line contains the lab's folder.
func processes(t *testing.T, lab *layout.Lab) []string {
	t.Helper()
	var found []string
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil && bytes.Contains(data, []byte(lab.Dir)) {
			found = append(found, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

// TestLab does by hand, with real tools in a shell, what the plugin does: install a satellite,
// register it, reach the primary through it, and remove it.
func TestLab(t *testing.T) {
	helm := binary(t, "helm")
	lab := bringUpLab(t, "--regions", "sydney")
	region := lab.Regions[0]
	if got := shell(t, lab, "kubectl version"); !strings.Contains(got, "Server Version: v1.37") {
		t.Errorf("kubectl version: %s", got)
	}
	if got := shell(t, lab, "'"+helm+"' list -A"); !strings.Contains(got, "workspace-provider-1.20.0") {
		t.Errorf("helm list: %s", got)
	}
	if got := shell(t, lab, "kubectl -n coder get deployment envproxy -o jsonpath='{.status.availableReplicas}'"); got != "1" {
		t.Errorf("envproxy has %q available replicas", got)
	}
	if err := closed(region.AccessURL); err != nil {
		t.Errorf("before the migration: %v", err)
	}
	if closed(region.EnvproxyURL) == nil {
		t.Error("the legacy path does not answer")
	}

	shell(t, lab, fmt.Sprintf(`'%s' install coder-satellite coder --repo %s --version 1.21.7 -n coder-satellite -f common.yaml --wait --timeout 60s \
		--set coderd.satellite.enable=true,coderd.satellite.primaryURL=$CODER_URL,coderd.satellite.accessURL=%s`, helm, lab.RepoURL, region.AccessURL))
	var key struct{ Key, Fingerprint string }
	answer := shell(t, lab, "curl -sS "+region.AccessURL+"/api/private/satellites/key")
	if err := json.Unmarshal([]byte(answer), &key); err != nil || key.Key == "" || key.Fingerprint == "" {
		t.Fatalf("the satellite's key: %v: %s", err, answer)
	}
	through := `curl -sS -i -H "Session-Token: $CODER_TOKEN" ` + region.AccessURL + "/api"
	if got := shell(t, lab, through); strings.Contains(got, "200 OK") {
		t.Errorf("an unregistered satellite is trusted: %s", got)
	}
	body, err := json.Marshal(map[string]string{"name": "sydney", "public_key": key.Key})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lab.Path("registration.json"), body, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := shell(t, lab, `curl -sS -H "Session-Token: $CODER_TOKEN" -d @registration.json $CODER_URL/api/private/satellites`); !strings.Contains(got, key.Fingerprint) {
		t.Errorf("the registration: %s", got)
	}
	if got := strings.ToLower(shell(t, lab, through)); !strings.Contains(got, "200 ok") || !strings.Contains(got, "coder-version: 1.21.7") {
		t.Errorf("the primary through the satellite: %s", got)
	}
	if got := shell(t, lab, "kubectl -n coder-satellite logs deployment/coderd"); !strings.Contains(got, "started coder-service:1.21.7") {
		t.Errorf("the satellite's log: %s", got)
	}
	shell(t, lab, "'"+helm+"' uninstall coder-satellite -n coder-satellite --wait")
	if err := closed(region.AccessURL); err != nil {
		t.Errorf("after the satellite is gone: %v", err)
	}

	program := binary(t, "coder-satellite-lab")
	if got, err := run(t, exec.Command(program, "status", "--dir", lab.Dir)); err != nil || !strings.Contains(got, region.AccessURL) {
		t.Errorf("status: %s %v", got, err)
	}
	if _, err := run(t, exec.Command(program, "up", "--dir", lab.Dir)); err == nil || !strings.Contains(err.Error(), "is up already") {
		t.Errorf("a second lab in the same folder: %v", err)
	}
	if _, err := run(t, exec.Command(program, "down", "--dir", lab.Dir)); err != nil {
		t.Fatal(err)
	}
	if left := processes(t, lab); len(left) > 0 {
		t.Errorf("processes that are left: %q", left)
	}
	if _, err := os.Stat(lab.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

// TestLabKilled kills the supervisor. All other processes end with it, and down removes the rest.
func TestLabKilled(t *testing.T) {
	lab := bringUpLab(t, "--regions", "sydney")
	if len(processes(t, lab)) < 4 {
		t.Errorf("too few processes: %q", processes(t, lab))
	}
	if err := syscall.Kill(lab.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for len(processes(t, lab)) > 0 {
		select {
		case <-deadline.C:
			t.Fatalf("processes that outlive their supervisor: %q", processes(t, lab))
		case <-ticker.C:
		}
	}
	program := binary(t, "coder-satellite-lab")
	if _, err := run(t, exec.Command(program, "status", "--dir", lab.Dir)); err == nil || !strings.Contains(err.Error(), "is down") {
		t.Errorf("status of a killed lab: %v", err)
	}
}
