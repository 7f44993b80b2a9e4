// Package layout says where a lab keeps its things and on which ports it
// listens. Everything is in the lab's own folder.
package layout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Lab is a lab as its file lab.json describes it; other programs read it.
type Lab struct {
	// Dir is the lab's folder, absolute.
	Dir string `json:"dir"`
	// PID is the process that the lab lives and dies with.
	PID int `json:"pid"`
	// PrimaryVersion is the primary's version.
	PrimaryVersion string `json:"primaryVersion"`
	// PrimaryURL is the primary, ControlURL steers it (see codertest.ControlHandler).
	PrimaryURL string `json:"primaryURL"`
	ControlURL string `json:"controlURL"`
	// RepoURL is the Helm repository.
	RepoURL string `json:"repoURL"`
	// Kubeconfig has one context per region, CAFile the lab's authority.
	Kubeconfig string `json:"kubeconfig"`
	CAFile     string `json:"caFile"`
	// TokenFiles hold tokens by role: manager, member, expired.
	TokenFiles map[string]string `json:"tokenFiles"`
	Regions    []Region          `json:"regions"`

	// Executable is the lab's own binary.
	Executable string `json:"executable"`
	// BuildMillis is how long a workspace build takes.
	BuildMillis int `json:"buildMillis"`
	// EtcdPort and EtcdPeerPort are of the one etcd that serves all regions.
	EtcdPort     int `json:"etcdPort"`
	EtcdPeerPort int `json:"etcdPeerPort"`
	PrimaryPort  int `json:"primaryPort"`
	ControlPort  int `json:"controlPort"`
	RepoPort     int `json:"repoPort"`
}

// Region is one region of a lab.
type Region struct {
	Name string `json:"name"`
	// Server is the API server's URL.
	Server string `json:"server"`
	// AccessURL is the satellite's, EnvproxyURL the legacy path's.
	AccessURL   string `json:"accessURL"`
	EnvproxyURL string `json:"envproxyURL"`
	// AuditLog is the API server's audit log, one JSON event a line.
	AuditLog string `json:"auditLog"`

	APIPort      int `json:"apiPort"`
	AccessPort   int `json:"accessPort"`
	EnvproxyPort int `json:"envproxyPort"`
	KubeletPort  int `json:"kubeletPort"`
}

// New lays a lab out in dir: names, ports, paths. It creates nothing. The ports
// are the lab's for as long as a process has the claim open.
func New(dir string, regions []string, primaryVersion string, buildMillis int) (lab *Lab, claim *os.File, err error) {
	if err := validate(regions); err != nil {
		return nil, nil, err
	}
	if _, err := semver.NewVersion(primaryVersion); err != nil {
		return nil, nil, fmt.Errorf("--primary-version: %q is not a version such as 1.21.7", primaryVersion)
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	free, claim, err := ports(5 + 4*len(regions))
	if err != nil {
		return nil, nil, err
	}
	next := func() int {
		port := free[0]
		free = free[1:]
		return port
	}
	lab = &Lab{
		Dir: dir, PrimaryVersion: primaryVersion, Executable: executable, BuildMillis: buildMillis,
		EtcdPort: next(), EtcdPeerPort: next(), PrimaryPort: next(), ControlPort: next(), RepoPort: next(),
		TokenFiles: map[string]string{},
	}
	lab.PrimaryURL = fmt.Sprintf("https://127.0.0.1:%d", lab.PrimaryPort)
	lab.ControlURL = fmt.Sprintf("http://127.0.0.1:%d", lab.ControlPort)
	lab.RepoURL = fmt.Sprintf("https://127.0.0.1:%d", lab.RepoPort)
	lab.Kubeconfig, lab.CAFile = lab.Path("kubeconfig"), lab.Path("ca.pem")
	for _, role := range []string{"manager", "member", "expired"} {
		lab.TokenFiles[role] = lab.Path("tokens", role)
	}
	for i, name := range regions {
		region := Region{Name: name, APIPort: next(), AccessPort: next(), EnvproxyPort: next(), KubeletPort: next()}
		region.Server = fmt.Sprintf("https://127.0.0.1:%d", region.APIPort)
		host := "127.0.0.1"
		if i%2 == 1 {
			host = "localhost" // both ways to name this machine are tried
		}
		region.AccessURL = fmt.Sprintf("https://%s:%d", host, region.AccessPort)
		region.EnvproxyURL = fmt.Sprintf("https://127.0.0.1:%d", region.EnvproxyPort)
		region.AuditLog = lab.Path(name, "audit.log")
		lab.Regions = append(lab.Regions, region)
	}
	return lab, claim, nil
}

// validate refuses regions that have no name, or one that is taken.
func validate(regions []string) error {
	taken := []string{"bin", "cache", "charts", "env", "etcd", "kubeconfig", "log", "pki", "ready", "tokens"} // by the lab itself
	for _, region := range regions {
		if problems := validation.IsDNS1123Label(region); len(problems) > 0 {
			return fmt.Errorf("--regions: %q cannot be a region's name: %s", region, strings.Join(problems, "; "))
		}
		if slices.Contains(taken, region) {
			return fmt.Errorf("--regions: the name %q is taken", region)
		}
		taken = append(taken, region)
	}
	return nil
}

// Path returns a path in the lab's folder.
func (l *Lab) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Dir}, elements...)...)
}

// file is where a lab describes itself.
const file = "lab.json"

// Save writes the lab's description, whole or not at all.
func (l *Lab) Save() error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	unfinished := l.Path(file + ".new")
	if err := os.WriteFile(unfinished, append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, l.Path(file))
}

// Load reads the description of the lab in dir.
func Load(dir string) (*Lab, error) {
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, err
	}
	lab := &Lab{}
	if err := json.Unmarshal(data, lab); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, file), err)
	}
	return lab, nil
}
