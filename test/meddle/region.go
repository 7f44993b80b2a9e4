package meddle

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// Region is a region of a lab with a meddler in front of its API server and of
// the primary.
type Region struct {
	Name    string
	Lab     *inlab.Lab
	Meddler *Meddler
	// API and Primary are what the plugin takes for the region's API server and
	// for the primary.
	API, Primary *Front
	// Direct reaches the cluster without the meddler.
	Direct *cluster.Access
	// Client trusts the lab's certificate authority.
	Client *http.Client

	// kubeconfig and fleet lead the plugin to the meddler.
	kubeconfig, fleet string
	// plugin is a copy of the plugin's binary, which a build may replace meanwhile.
	plugin string
}

// Open puts a meddler in front of a region of the lab. It must be closed.
func Open(lab *inlab.Lab, name string) (*Region, error) {
	r := &Region{
		Name: name, Lab: lab, Meddler: &Meddler{},
		kubeconfig: lab.Path(name + "-meddled.kubeconfig"), fleet: lab.Path(name + "-meddled.yaml"), plugin: lab.Path(name + "-plugin"),
	}
	certFile, keyFile := lab.Path("pki", "server.pem"), lab.Path("pki", "server-key.pem")
	var err error
	if r.API, err = r.Meddler.stand(lab.Region(name).Server, certFile, keyFile, lab.CAFile); err != nil {
		return nil, err
	}
	if r.Primary, err = r.Meddler.stand(lab.PrimaryURL, certFile, keyFile, lab.CAFile); err != nil {
		return nil, err
	}
	if err := r.writeKubeconfig(); err != nil {
		return nil, err
	}
	if err := r.writeFleet(); err != nil {
		return nil, err
	}
	if r.Direct, err = lab.Access(name); err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(lab.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	r.Client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	binary, err := os.ReadFile(filepath.Join(lab.Bin, "kubectl-coder_satellite"))
	if err != nil {
		return nil, err
	}
	return r, os.WriteFile(r.plugin, binary, 0o700)
}

func (r *Region) writeKubeconfig() error {
	config, err := clientcmd.LoadFromFile(r.Lab.Kubeconfig)
	if err != nil {
		return err
	}
	meddled := clientcmdapi.NewConfig()
	meddled.Clusters[r.Name] = &clientcmdapi.Cluster{Server: r.API.URL, CertificateAuthority: r.Lab.CAFile}
	meddled.AuthInfos["operator"] = config.AuthInfos["operator"]
	meddled.Contexts[r.Name] = &clientcmdapi.Context{Cluster: r.Name, AuthInfo: "operator"}
	return clientcmd.WriteToFile(*meddled, r.kubeconfig)
}

func (r *Region) writeFleet() error {
	fleet := v1alpha1.Fleet{
		Coder:    v1alpha1.Coder{URL: r.Primary.URL, CAFile: filepath.Base(r.Lab.CAFile)},
		Chart:    v1alpha1.Chart{Repo: r.Lab.RepoURL, Name: "coder"},
		Defaults: v1alpha1.Defaults{Values: []string{"common.yaml"}},
		Regions:  []v1alpha1.Region{{Name: r.Name, Context: r.Name, AccessURL: r.Lab.Region(r.Name).AccessURL, Provider: r.Name}},
	}
	fleet.APIVersion, fleet.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindFleet
	data, err := yaml.Marshal(fleet)
	if err != nil {
		return err
	}
	return os.WriteFile(r.fleet, data, 0o600)
}

// Close takes the meddler away.
func (r *Region) Close() {
	r.API.close()
	r.Primary.close()
}

// Fleet is the file that leads the plugin to the meddler.
func (r *Region) Fleet() string { return r.fleet }

// Command returns a command that runs the plugin, led to the meddler; env holds
// further variables, NAME=VALUE. Its process is the plugin's own.
func (r *Region) Command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	env = append([]string{"KUBECONFIG=" + r.kubeconfig, "CODER_URL=" + r.Primary.URL}, env...)
	return r.Lab.Command(ctx, env, r.plugin, args...)
}

// get reads a JSON answer of the region's satellite.
func (r *Region) get(url string, out any) error {
	response, err := r.Client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}
