package supervisor

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// fleet is the lab's Fleet file. Each region is written as an operator would write it, in the
// shortest complete form.
type fleet struct {
	v1alpha1.Fleet
	Regions []fleetRegion `json:"regions"`
}

type fleetRegion struct {
	Name      string          `json:"name"`
	Satellite string          `json:"satellite,omitempty"`
	Context   string          `json:"context,omitempty"`
	AccessURL string          `json:"accessURL,omitempty"`
	Providers []fleetProvider `json:"providers,omitempty"`
}

type fleetProvider struct {
	Name    string `json:"name"`
	Context string `json:"context,omitempty"`
}

// writeFleet writes fleet.yaml with its values.
func writeFleet(lab *layout.Lab) error {
	values := "coderd:\n  tls:\n    hostSecretName: " + tlsSecret + "\n"
	if err := os.WriteFile(lab.Path("common.yaml"), []byte(values), 0o600); err != nil {
		return err
	}
	out := fleet{Fleet: v1alpha1.Fleet{
		Coder:    v1alpha1.Coder{URL: lab.PrimaryURL, CAFile: filepath.Base(lab.CAFile)},
		Chart:    v1alpha1.Chart{Repo: lab.RepoURL, Name: "coder"},
		Defaults: v1alpha1.Defaults{Namespace: satelliteNamespace, Values: []string{"common.yaml"}},
	}}
	out.APIVersion, out.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindFleet
	for _, region := range lab.Regions {
		out.Regions = append(out.Regions, inFleet(region))
	}
	data, err := yaml.Marshal(out)
	if err != nil {
		return err
	}
	return os.WriteFile(lab.Path("fleet.yaml"), data, 0o600)
}

// inFleet is a region's entry in the Fleet file. A simple region needs no providers, and a
// provider in its region's cluster needs no context.
func inFleet(region layout.Region) fleetRegion {
	out := fleetRegion{Name: region.Name, Context: region.Context, AccessURL: region.AccessURL}
	if region.Simple() {
		return out
	}
	if region.Context == "" {
		out.Satellite = "none"
	}
	for _, provider := range region.Providers {
		named := fleetProvider{Name: provider.Name}
		if provider.Context != region.Context {
			named.Context = provider.Context
		}
		out.Providers = append(out.Providers, named)
	}
	return out
}
