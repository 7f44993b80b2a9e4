package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

func labKubeconfig(lab *layout.Lab) string { return lab.Path("pki", "lab.kubeconfig") }

func controllerKubeconfig(lab *layout.Lab, region layout.Region) string {
	return lab.Path(region.Name, "controllers.kubeconfig")
}

// writeKubeconfigs writes the operator's kubeconfig, the lab's own, and one for
// the controllers of each region. The users differ, so that audit logs tell
// who did what.
func writeKubeconfigs(lab *layout.Lab, files *pki.Files) error {
	write := func(file, user string, regions []layout.Region) error {
		config := clientcmdapi.NewConfig()
		config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: files.Tokens[user]}
		for _, region := range regions {
			config.Clusters[region.Name] = &clientcmdapi.Cluster{Server: region.Server, CertificateAuthority: lab.CAFile}
			config.Contexts[region.Name] = &clientcmdapi.Context{Cluster: region.Name, AuthInfo: user}
		}
		config.CurrentContext = regions[0].Name
		return clientcmd.WriteToFile(*config, file)
	}
	if err := write(lab.Kubeconfig, "operator", lab.Regions); err != nil {
		return err
	}
	if err := write(labKubeconfig(lab), "lab", lab.Regions); err != nil {
		return err
	}
	for _, region := range lab.Regions {
		if err := write(controllerKubeconfig(lab, region), "lab", []layout.Region{region}); err != nil {
			return err
		}
	}
	return nil
}

// writeEnvironment writes what a shell needs to work in the lab: env, to be
// sourced, a folder with kubectl, and fleet.yaml with its values.
func writeEnvironment(lab *layout.Lab) error {
	bin := lab.Path("bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	if err := os.Symlink(lab.Executable, filepath.Join(bin, "kubectl")); err != nil {
		return err
	}
	token, err := os.ReadFile(lab.TokenFiles["manager"])
	if err != nil {
		return err
	}
	var env strings.Builder
	for _, variable := range [][2]string{
		{"KUBECONFIG", lab.Kubeconfig},
		{"KUBECACHEDIR", lab.Path("cache", "kube")},
		{"CODER_URL", lab.PrimaryURL},
		{"CODER_TOKEN", strings.TrimSpace(string(token))},
		{"SSL_CERT_FILE", lab.CAFile},
		{"CURL_CA_BUNDLE", lab.CAFile}, // where it is set, curl does not look at SSL_CERT_FILE
		{"HELM_CACHE_HOME", lab.Path("cache", "helm")},
		{"HELM_CONFIG_HOME", lab.Path("cache", "helm-config")},
		{"HELM_DATA_HOME", lab.Path("cache", "helm-data")},
		{"XDG_CACHE_HOME", lab.Path("cache")},
	} {
		fmt.Fprintf(&env, "export %s=%s\n", variable[0], quoted(variable[1]))
	}
	fmt.Fprintf(&env, "export PATH=%s:%s:\"$PATH\"\n", quoted(bin), quoted(filepath.Dir(lab.Executable)))
	if err := os.WriteFile(lab.Path("env"), []byte(env.String()), 0o600); err != nil {
		return err
	}
	return writeFleet(lab)
}

// quoted quotes a word for a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func writeFleet(lab *layout.Lab) error {
	values := "coderd:\n  tls:\n    hostSecretName: " + tlsSecret + "\n"
	if err := os.WriteFile(lab.Path("common.yaml"), []byte(values), 0o600); err != nil {
		return err
	}
	fleet := v1alpha1.Fleet{
		Coder:    v1alpha1.Coder{URL: lab.PrimaryURL, CAFile: filepath.Base(lab.CAFile)},
		Chart:    v1alpha1.Chart{Repo: lab.RepoURL, Name: "coder"},
		Defaults: v1alpha1.Defaults{Namespace: satelliteNamespace, Values: []string{"common.yaml"}},
	}
	fleet.APIVersion, fleet.Kind = v1alpha1.GroupVersion().String(), v1alpha1.KindFleet
	for _, region := range lab.Regions {
		fleet.Regions = append(fleet.Regions, v1alpha1.Region{Name: region.Name, Context: region.Name, AccessURL: region.AccessURL})
	}
	data, err := yaml.Marshal(fleet)
	if err != nil {
		return err
	}
	return os.WriteFile(lab.Path("fleet.yaml"), data, 0o600)
}
