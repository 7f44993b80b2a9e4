package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

func labKubeconfig(lab *layout.Lab) string { return lab.Path("pki", "lab.kubeconfig") }

func controllerKubeconfig(lab *layout.Lab, cluster layout.Cluster) string {
	return lab.Path(cluster.Context, "controllers.kubeconfig")
}

// writeKubeconfigs writes the operator's kubeconfig, the lab's own, and one for the controllers
// of each cluster. Their users differ, so that audit logs show who made a change.
func writeKubeconfigs(lab *layout.Lab, files *pki.Files) error {
	write := func(file, user string, clusters []layout.Cluster) error {
		config := clientcmdapi.NewConfig()
		config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: files.Tokens[user]}
		for _, cluster := range clusters {
			config.Clusters[cluster.Context] = &clientcmdapi.Cluster{Server: cluster.Server, CertificateAuthority: lab.CAFile}
			config.Contexts[cluster.Context] = &clientcmdapi.Context{Cluster: cluster.Context, AuthInfo: user}
		}
		config.CurrentContext = clusters[0].Context
		return clientcmd.WriteToFile(*config, file)
	}
	if err := write(lab.Kubeconfig, "operator", lab.Clusters); err != nil {
		return err
	}
	if err := write(labKubeconfig(lab), "lab", lab.Clusters); err != nil {
		return err
	}
	for _, cluster := range lab.Clusters {
		if err := write(controllerKubeconfig(lab, cluster), "lab", []layout.Cluster{cluster}); err != nil {
			return err
		}
	}
	return nil
}

// writeEnvironment writes the files for working in the lab from a shell: env, to be sourced, a
// folder with kubectl, and fleet.yaml with its values.
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
		{"CURL_CA_BUNDLE", lab.CAFile}, // if it is set, curl ignores SSL_CERT_FILE
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
