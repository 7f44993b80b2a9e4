package meddle

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// Region is a region of a lab with a meddler in front of its API servers and of the primary.
type Region struct {
	Name    string
	Lab     *inlab.Lab
	Meddler *Meddler
	// Primary is the proxy for the primary, APIs are those for the API servers of the region's
	// clusters.
	Primary *Front
	APIs    []*Front
	// Views has one view for each of the region's providers, in the lab's order.
	Views []*View

	// kubeconfig and fleet direct the plugin to the meddler.
	kubeconfig, fleet string
	// plugin is a copy of the plugin's binary, because a build may replace the original
	// meanwhile.
	plugin string
}

// Open puts a meddler in front of a region of the lab. The caller must close it.
func Open(lab *inlab.Lab, name string) (*Region, error) {
	r := &Region{
		Name: name, Lab: lab, Meddler: &Meddler{},
		kubeconfig: lab.Path(name + "-meddled.kubeconfig"), fleet: lab.Path(name + "-meddled.yaml"), plugin: lab.Path(name + "-plugin"),
	}
	var err error
	if r.Primary, err = r.front(lab.PrimaryURL); err != nil {
		return nil, err
	}
	if err := r.standBeforeClusters(); err != nil {
		return nil, err
	}
	if err := r.writeFleet(); err != nil {
		return nil, err
	}
	if r.Views, err = Views(lab, name); err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(filepath.Join(lab.Bin, "kubectl-coder_satellite"))
	if err != nil {
		return nil, err
	}
	return r, os.WriteFile(r.plugin, binary, 0o700)
}

func (r *Region) front(target string) (*Front, error) {
	return r.Meddler.stand(target, r.Lab.Path("pki", "server.pem"), r.Lab.Path("pki", "server-key.pem"), r.Lab.CAFile)
}

// contexts are the contexts of the region's clusters, without duplicates.
func (r *Region) contexts() []string {
	region := r.Lab.Region(r.Name)
	var contexts []string
	add := func(context string) {
		if context != "" && !slices.Contains(contexts, context) {
			contexts = append(contexts, context)
		}
	}
	add(region.Context)
	for _, provider := range region.Providers {
		add(provider.Context)
	}
	return contexts
}

// standBeforeClusters starts a proxy for each cluster, and writes a kubeconfig that leads to
// them.
func (r *Region) standBeforeClusters() error {
	config, err := clientcmd.LoadFromFile(r.Lab.Kubeconfig)
	if err != nil {
		return err
	}
	meddled := clientcmdapi.NewConfig()
	meddled.AuthInfos["operator"] = config.AuthInfos["operator"]
	for _, context := range r.contexts() {
		front, err := r.front(r.Lab.Server(context))
		if err != nil {
			return err
		}
		r.APIs = append(r.APIs, front)
		meddled.Clusters[context] = &clientcmdapi.Cluster{Server: front.URL, CertificateAuthority: r.Lab.CAFile}
		meddled.Contexts[context] = &clientcmdapi.Context{Cluster: context, AuthInfo: "operator"}
	}
	return clientcmd.WriteToFile(*meddled, r.kubeconfig)
}

// writeFleet writes a Fleet file with only this region, as in the lab's.
func (r *Region) writeFleet() error {
	data, err := os.ReadFile(r.Lab.Path("fleet.yaml"))
	if err != nil {
		return err
	}
	var fleet map[string]any
	if err := yaml.Unmarshal(data, &fleet); err != nil {
		return err
	}
	fleet["coder"] = v1alpha1.Coder{URL: r.Primary.URL, CAFile: filepath.Base(r.Lab.CAFile)}
	regions, _ := fleet["regions"].([]any)
	fleet["regions"] = slices.DeleteFunc(regions, func(region any) bool {
		fields, _ := region.(map[string]any)
		if _, several := fields["providers"]; !several {
			fields["provider"] = fields["name"] // the meddler's address identifies no provider
		}
		return fields["name"] != r.Name
	})
	if data, err = yaml.Marshal(fleet); err != nil {
		return err
	}
	return os.WriteFile(r.fleet, data, 0o600)
}

// Close stops the meddler.
func (r *Region) Close() {
	r.Primary.close()
	for _, front := range r.APIs {
		front.close()
	}
}

// Fleet is the Fleet file that directs the plugin to the meddler.
func (r *Region) Fleet() string { return r.fleet }

// Command returns a command that runs the plugin against the meddler. env has further variables,
// NAME=VALUE. The command's process is the plugin itself.
func (r *Region) Command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	env = append([]string{"KUBECONFIG=" + r.kubeconfig, "CODER_URL=" + r.Primary.URL}, env...)
	return r.Lab.Command(ctx, env, r.plugin, args...)
}
