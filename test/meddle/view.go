package meddle

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// View is one workspace provider of a region and the satellite that serves it, read without the
// plugin and not through the meddler.
type View struct {
	inlab.Provider
	// Region is the name of the region. AccessURL is where the satellite answers; empty if there
	// is none.
	Region, AccessURL string
	Lab               *inlab.Lab
	// Direct is access to the provider's cluster, Satellite to the satellite's; nil if the region
	// has none.
	Direct, Satellite *cluster.Access
	// HelmRelease is the one in the provider's namespace by which Flux owns the legacy release; empty if there is none.
	HelmRelease string
	// Client trusts the lab's certificate authority.
	Client *http.Client
}

// Views returns one view for each provider of the lab's region.
func Views(lab *inlab.Lab, name string) ([]*View, error) {
	ca, err := os.ReadFile(lab.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
	region := lab.Region(name)
	var satellite *cluster.Access
	if region.Context != "" {
		if satellite, err = lab.Access(region.Context); err != nil {
			return nil, err
		}
	}
	var list []*View
	for _, provider := range region.Providers {
		v := &View{Provider: provider, Region: name, AccessURL: region.AccessURL, Lab: lab, Satellite: satellite, Client: client}
		if v.Direct, err = lab.Access(provider.Context); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// AtPrimary returns the provider from the primary's state, whatever its present name.
func (v *View) AtPrimary(state codertest.State) (codertest.Provider, error) {
	for _, provider := range state.Providers {
		if provider.Config.ClusterAddress == v.Lab.Server(v.Context) && provider.Config.DefaultNamespace == v.Namespace {
			return provider, nil
		}
	}
	return codertest.Provider{}, fmt.Errorf("provider %s is not at the primary", v.Name)
}

// ID is the provider's ID.
func (v *View) ID() (string, error) {
	state, err := v.Lab.State()
	if err != nil {
		return "", err
	}
	provider, err := v.AtPrimary(state)
	return provider.ID, err
}

// get reads a JSON answer of the server that the provider's users connect to.
func (v *View) get(url string, out any) error {
	response, err := v.Client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}
