package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestExpiredToken(t *testing.T) {
	refused(t, "operator-role", []string{"operator-role", "401", "expired", "coder login", "--coder-token-file"},
		"-f", "fleet.yaml", "--coder-token-file", lab.TokenFiles["expired"])
	output := plugin(t, 5, "migrate", "--yes", "-f", "fleet.yaml", "--coder-token-file", lab.TokenFiles["expired"])
	token, err := os.ReadFile(lab.TokenFiles["expired"])
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(output.String(), strings.TrimSpace(string(token))) {
		t.Error("the output shows the token")
	}
}

func TestMembersToken(t *testing.T) {
	refused(t, "operator-role", []string{"operator-role", "member@example.com", "site-member", "use the token of a site manager"},
		"-f", "fleet.yaml", "--coder-token-file", lab.TokenFiles["member"])
}

// TestMissingToken: there is no token in the environment, a flag or the Coder CLI's files.
func TestMissingToken(t *testing.T) {
	empty := t.TempDir()
	before := marks(t)
	for _, verb := range []string{"plan", "migrate", "status"} {
		args := []string{"coder-satellite", verb, "-f", "fleet.yaml"}
		if verb == "migrate" {
			args = append(args, "--yes")
		}
		result := lab.Run(t.Context(), []string{"-u", "CODER_TOKEN", "HOME=" + empty, "XDG_CONFIG_HOME=" + empty}, "kubectl", args...)
		if result.Code != 5 {
			t.Errorf("%s: %s", verb, result)
		}
		saysAll(t, verb, result.Stderr, []string{"no token for " + lab.PrimaryURL, "coder login " + lab.PrimaryURL, "--coder-token-file"})
	}
	quiet(t, before)
}

func TestOldPrimary(t *testing.T) {
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.SetVersion("1.20.6"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion(state.Version); err != nil {
			t.Error(err)
		}
	})
	refused(t, "primary-version", []string{"primary-version", "v1.20.6", "knows no satellites", "upgrade the primary to v1.21 or later"}, "-f", "fleet.yaml")
}

// TestNoProviderMatches: no provider has the address at which the context reaches the cluster.
func TestNoProviderMatches(t *testing.T) {
	server := byName(lab.Region("sydney").Server)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) { config.Clusters["sydney"].Server = server })
	refused(t, "provider-found", []string{"provider-found", "no workspace provider has the cluster address " + server, `context "sydney"`, "--provider", lab.Region("sydney").Server},
		"-f", "fleet.yaml", "--region", "sydney", "--kubeconfig", kubeconfig)
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = "sidney" })
	refused(t, "provider-found", []string{"provider-found", `no workspace provider named "sidney"`, `did you mean "sydney"?`}, "-f", fleet)
}

// TestTwoProvidersMatch: the operator must choose, and the plugin does not guess.
func TestTwoProvidersMatch(t *testing.T) {
	server := lab.Region("sydney").Server
	twin, err := lab.AddProvider(codertest.Provider{Name: "sydney-twin", Config: codertest.ProviderConfig{ClusterAddress: server}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.RemoveProvider(twin.ID); err != nil {
			t.Error(err)
		}
	})
	refused(t, "provider-found", []string{"provider-found", "2 workspace providers match", server, "sydney (ID ", "sydney-twin (ID " + twin.ID + ")", "--provider"},
		"-f", "fleet.yaml", "--region", "sydney")
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = "sydney" })
	plugin(t, 2, "plan", "-f", fleet, "--detailed-exitcode")
}

// TestNameTaken: another key is registered under the region's name.
func TestNameTaken(t *testing.T) {
	client := primaryClient(t)
	taken, err := client.CreateSatellite(t.Context(), "sydney", publicKey(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := primaryClient(t).DeleteSatellite(context.WithoutCancel(t.Context()), taken.ID); err != nil {
			t.Error(err)
		}
	})
	refused(t, "registration-name", []string{"registration-name", `a satellite "sydney" with another key`, taken.Fingerprint, "coder satellites rm sydney", "give this region another name"},
		"-f", "fleet.yaml", "--region", "sydney")
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Name = "sydney-2" })
	plugin(t, 2, "plan", "-f", fleet, "--detailed-exitcode")
	if left, err := client.Satellites(t.Context()); err != nil || !slices.Contains(left, taken) {
		t.Errorf("the other registration is gone: %v, %v", left, err)
	}
}

// TestProviderOfAnotherCluster: after copying one line too many, the switch would be made for a
// provider whose legacy release is not retained.
func TestProviderOfAnotherCluster(t *testing.T) {
	fleet := oneRegion(t, "ohio", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = "london" })
	refused(t, "provider-found", []string{`provider "london" belongs to the cluster `, `but context "ohio" leads to that of provider "ohio"`}, "-f", fleet)
}

func primaryClient(t *testing.T) *coder.Client {
	t.Helper()
	token, err := os.ReadFile(lab.TokenFiles["manager"])
	if err != nil {
		t.Fatal(err)
	}
	client, err := coder.New(coder.Config{URL: lab.PrimaryURL, Token: coder.Token(strings.TrimSpace(string(token))), CAFile: lab.CAFile})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// publicKey generates a public key in PEM.
func publicKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
