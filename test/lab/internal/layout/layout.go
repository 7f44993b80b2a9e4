// Package layout determines where a lab keeps its files and on which ports it listens. All files
// are in the lab's own folder.
package layout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// Lab is a lab as its file lab.json describes it; other programs read it.
type Lab struct {
	// Dir is the lab's folder, absolute.
	Dir string `json:"dir"`
	// PID is the lab's supervisor. All other processes of the lab end with it.
	PID int `json:"pid"`
	// PrimaryVersion is the primary's version.
	PrimaryVersion string `json:"primaryVersion"`
	// PrimaryURL is the primary's URL, ControlURL that of its control API (see
	// codertest.ControlHandler).
	PrimaryURL string `json:"primaryURL"`
	ControlURL string `json:"controlURL"`
	// RepoURL is the Helm repository.
	RepoURL string `json:"repoURL"`
	// Kubeconfig has one context per cluster, CAFile the certificate of the lab's authority.
	Kubeconfig string `json:"kubeconfig"`
	CAFile     string `json:"caFile"`
	// TokenFiles hold tokens by role: manager, member, expired.
	TokenFiles map[string]string `json:"tokenFiles"`
	Clusters   []Cluster         `json:"clusters"`
	Regions    []Region          `json:"regions"`

	// Executable is the lab's own binary.
	Executable string `json:"executable"`
	// BuildMillis is the duration of a workspace build in milliseconds.
	BuildMillis int `json:"buildMillis"`
	// Run are binaries of this machine by the image of the pods that are run as their processes.
	Run map[string]string `json:"run,omitempty"`
	// EtcdPort and EtcdPeerPort belong to the only etcd, which serves all clusters.
	EtcdPort     int `json:"etcdPort"`
	EtcdPeerPort int `json:"etcdPeerPort"`
	PrimaryPort  int `json:"primaryPort"`
	ControlPort  int `json:"controlPort"`
	RepoPort     int `json:"repoPort"`
}

// New lays out a lab in dir: names, ports, paths. It creates nothing. The ports belong to the lab
// as long as a process has claim open.
func New(dir string, topology Topology, primaryVersion string, buildMillis int) (lab *Lab, claim *os.File, err error) {
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
	free, claim, err := ports(topology.ports())
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
	for _, context := range topology.contexts() {
		cluster := Cluster{Context: context, AuditLog: lab.Path(context, "audit.log"), APIPort: next(), KubeletPort: next()}
		cluster.Server = fmt.Sprintf("https://127.0.0.1:%d", cluster.APIPort)
		lab.Clusters = append(lab.Clusters, cluster)
	}
	for i, region := range topology.regions {
		lab.Regions = append(lab.Regions, lab.lay(region, i, next))
	}
	return lab, claim, nil
}

// lay returns a region of a topology with its URLs and ports.
func (l *Lab) lay(region Region, index int, next func() int) Region {
	if region.Context != "" {
		host := "127.0.0.1"
		if index%2 == 1 {
			host = "localhost" // so that both names of this machine are tried
		}
		region.AccessPort = next()
		region.AccessURL = fmt.Sprintf("https://%s:%d", host, region.AccessPort)
	}
	region.Providers = slices.Clone(region.Providers)
	for i := range region.Providers {
		if provider := &region.Providers[i]; !provider.BuiltIn {
			provider.EnvproxyPort = next()
			provider.EnvproxyURL = fmt.Sprintf("https://127.0.0.1:%d", provider.EnvproxyPort)
		}
	}
	if region.Simple() {
		cluster := l.Cluster(region.Context)
		region.Server, region.AuditLog, region.EnvproxyURL = cluster.Server, cluster.AuditLog, region.Providers[0].EnvproxyURL
	}
	return region
}

// Path returns a path in the lab's folder.
func (l *Lab) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Dir}, elements...)...)
}

// file is the name of the file that describes a lab.
const file = "lab.json"

// Save writes the lab's description atomically.
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
