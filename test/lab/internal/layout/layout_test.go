package layout

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lay lays out a lab of simple regions, and releases its ports when the test ends.
func lay(t *testing.T, regions ...string) *Lab {
	t.Helper()
	topology, err := Topology{}.With(regions...)
	if err != nil {
		t.Fatal(err)
	}
	return layTopology(t, topology)
}

func layTopology(t *testing.T, topology Topology) *Lab {
	t.Helper()
	lab, claim, err := New(t.TempDir(), topology, "1.21.7", 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = claim.Close() })
	return lab
}

func allPorts(lab *Lab) []int {
	all := []int{lab.EtcdPort, lab.EtcdPeerPort, lab.PrimaryPort, lab.ControlPort, lab.RepoPort}
	for _, cluster := range lab.Clusters {
		all = append(all, cluster.APIPort, cluster.KubeletPort)
	}
	for _, region := range lab.Regions {
		if region.AccessURL != "" {
			all = append(all, region.AccessPort)
		}
		for _, provider := range region.Providers {
			if provider.EnvproxyURL != "" {
				all = append(all, provider.EnvproxyPort)
			}
		}
	}
	return all
}

func TestNew(t *testing.T) {
	lab := lay(t, "sydney", "london")
	checkPorts(t, lab)
	if !filepath.IsAbs(lab.Dir) || lab.Regions[0].AuditLog != filepath.Join(lab.Dir, "sydney", "audit.log") {
		t.Errorf("paths: %s, %s", lab.Dir, lab.Regions[0].AuditLog)
	}
	for i, want := range []string{"https://127.0.0.1:", "https://localhost:"} {
		if got := lab.Regions[i].AccessURL; !strings.HasPrefix(got, want) {
			t.Errorf("access URL of region %d: %s", i, got)
		}
	}
}

// checkPorts fails the test if the lab uses a port twice, or one outside its own block.
func checkPorts(t *testing.T, lab *Lab) {
	t.Helper()
	seen := map[int]bool{}
	for _, port := range allPorts(lab) {
		if seen[port] || port < firstPort || port > lastPort {
			t.Errorf("port %d is taken twice or out of range", port)
		}
		seen[port] = true
	}
}

func TestSaveAndLoad(t *testing.T) {
	lab := lay(t, "sydney")
	lab.PID = 42
	if err := lab.Save(); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(lab.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lab, loaded); diff != "" {
		t.Errorf("saved and loaded (-want +got):\n%s", diff)
	}
	if left, err := filepath.Glob(lab.Path("*.new")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := os.WriteFile(lab.Path(file), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(lab.Dir); err == nil || !strings.Contains(err.Error(), lab.Path(file)) {
		t.Errorf("a broken file: %v", err)
	}
}

// TestPortsAreOnesOwn: a second lab does not get the ports of the first, even if nothing listens
// on them.
func TestPortsAreOnesOwn(t *testing.T) {
	taken := map[int]bool{}
	for range 5 {
		for _, port := range allPorts(lay(t, "sydney", "london", "ohio")) {
			if taken[port] {
				t.Errorf("port %d belongs to two labs", port)
			}
			taken[port] = true
		}
	}
}

func TestBlock(t *testing.T) {
	free, claim, err := ports(3)
	if err != nil {
		t.Fatal(err)
	}
	first := free[0] - (free[0]-firstPort)%blockSize
	if _, _, err := block(first, 3); err == nil {
		t.Error("a claimed block was given to another lab")
	}
	if err := claim.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp4", address(free[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	again, claim, err := block(first, 3)
	if err != nil {
		t.Fatalf("a claim that was closed still holds: %v", err)
	}
	defer func() { _ = claim.Close() }()
	if slices.Contains(again, free[0]) {
		t.Errorf("port %d is listened on, and was given away", free[0])
	}
}

func TestNewRefuses(t *testing.T) {
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("region-%d", i))
	}
	tests := map[string]struct {
		regions []string
		version string
		want    string
	}{
		"no name":         {[]string{"sydney", ""}, "1.21.7", `"" cannot be a region's name`},
		"no label":        {[]string{"Sydney_1"}, "1.21.7", `"Sydney_1" cannot be a region's name`},
		"a path":          {[]string{"../x"}, "1.21.7", "cannot be a region's name"},
		"twice":           {[]string{"sydney", "sydney"}, "1.21.7", `"sydney" is taken`},
		"the lab's own":   {[]string{"ready"}, "1.21.7", `"ready" is taken`},
		"too many":        {many, "1.21.7", "leave some regions out"},
		"no version":      {[]string{"sydney"}, "", "is not a version"},
		"another version": {[]string{"sydney"}, "latest", `"latest" is not a version`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			topology, err := Topology{}.With(test.regions...)
			if err == nil {
				_, _, err = New(t.TempDir(), topology, test.version, 0)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
		})
	}
}
