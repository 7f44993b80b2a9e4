package charts

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

// object has the fields of a rendered object that tests check.
type object struct {
	APIVersion string
	Kind       string
	Metadata   struct {
		Name        string
		Namespace   string
		Annotations map[string]string
	}
}

// render renders a chart as a release in a namespace, without a cluster, and returns the texts of
// its objects by kind and name.
func render(t *testing.T, name, version string, values map[string]any) map[string]string {
	t.Helper()
	c, err := Load(name, version)
	if err != nil {
		t.Fatal(err)
	}
	options := chartutil.ReleaseOptions{Name: "coder-workspace-provider", Namespace: "here", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := engine.Render(c, all)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{}
	for file, text := range rendered {
		for _, document := range releaseutil.SplitManifests(text) {
			var o object
			if err := yaml.Unmarshal([]byte(document), &o); err != nil {
				t.Fatalf("%s: %v\n%s", file, err, document)
			}
			if o.Kind == "" {
				continue
			}
			if o.Metadata.Namespace != "here" {
				t.Errorf("%s %s is in namespace %q", o.Kind, o.Metadata.Name, o.Metadata.Namespace)
			}
			objects[o.Kind+"/"+o.Metadata.Name] = document
		}
	}
	return objects
}

func names(objects map[string]string) []string { return slices.Sorted(maps.Keys(objects)) }

func satellite(more map[string]any) map[string]any {
	coderd := map[string]any{"satellite": map[string]any{"enable": true, "primaryURL": "https://primary", "accessURL": "https://satellite"}}
	maps.Copy(coderd, more)
	return map[string]any{"coderd": coderd}
}

func TestObjects(t *testing.T) {
	legacy := []string{
		"Deployment/envproxy", "Role/coder", "RoleBinding/coder", "Service/envproxy",
		"ServiceAccount/coder", "ServiceAccount/coder-workspace-provider-environments",
	}
	tests := map[string]struct {
		chart, version string
		values         map[string]any
		want           []string
	}{
		"a satellite":             {"coder", "1.21.7", satellite(nil), []string{"Deployment/coderd", "Secret/coder-replica-private-key", "Service/coderd"}},
		"a late satellite":        {"coder", "1.44.3", satellite(nil), []string{"Deployment/coderd", "Secret/coder-replica-private-key", "Service/coderd"}},
		"a primary":               {"coder", "1.22.3", nil, []string{"Deployment/coderd", "Service/coderd"}},
		"a primary with envproxy": {"coder", "1.21.7", nil, []string{"Deployment/coderd", "Deployment/envproxy", "Service/coderd"}},
		"a legacy release":        {"workspace-provider", "1.20.0", nil, legacy},
		"a late legacy release":   {"workspace-provider", "1.21.4", nil, legacy},
		"a legacy release with its own ingress": {
			"workspace-provider", "1.20.0", map[string]any{"ingress": map[string]any{"useDefault": true}},
			slices.Sorted(slices.Values(append(slices.Clone(legacy), "Deployment/ingress-nginx", "Ingress/coder-ingress", "Role/ingress-nginx"))),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(render(t, test.chart, test.version, test.values))); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSatellite compares the chart with the known API facts about the real one.
func TestSatellite(t *testing.T) {
	objects := render(t, "coder", "1.21.7", satellite(map[string]any{
		"tls": map[string]any{"hostSecretName": "host-tls"}, "replicas": 2, "nodeSelector": map[string]any{"disk": "ssd"},
	}))
	deployment := objects["Deployment/coderd"]
	for _, want := range []string{
		"coder.deployment: coderd", "args:\n            - coderd\n            - replica\n",
		"name: CODER_SATELLITE_PRIVATE_KEY", "name: coder-replica-private-key\n                  key: privateKey",
		"name: CODER_PRIMARY_ACCESS_URL\n              value: \"https://primary\"",
		"name: CODER_SATELLITE_ACCESS_URL\n              value: \"https://satellite\"",
		"path: /cem-healthz\n              port: 8080", "secretName: \"host-tls\"", "replicas: 2", "disk: ssd",
		`image: "coder-service:1.21.7"`,
	} {
		if !strings.Contains(deployment, want) {
			t.Errorf("the Deployment has no %q:\n%s", want, deployment)
		}
	}
	if !strings.Contains(objects["Service/coderd"], "type: LoadBalancer") {
		t.Errorf("the Service is not a load balancer:\n%s", objects["Service/coderd"])
	}
	again := render(t, "coder", "1.21.7", satellite(nil))
	if objects["Secret/coder-replica-private-key"] == again["Secret/coder-replica-private-key"] {
		t.Error("without a cluster, two renderings have the same key")
	}
}

// TestPlatform: pods of charts of both times select the platform that Coder v1 was built for, and
// name a certificate for Dev URLs in addition to the host's.
func TestPlatform(t *testing.T) {
	for version, command := range map[string]string{
		"1.21.7": "args:\n            - coderd\n            - replica\n",
		"1.44.3": "command:\n            - /entrypoint.sh\n            - coderd\n            - replica\n",
	} {
		deployment := render(t, "coder", version, satellite(map[string]any{
			"tls": map[string]any{"hostSecretName": "host-tls", "devurlsHostSecretName": "devurls-tls"},
		}))["Deployment/coderd"]
		for _, want := range []string{
			command, "kubernetes.io/arch: amd64\n        kubernetes.io/os: linux\n",
			"value: /etc/ssl/certs/host/tls.crt:/etc/ssl/certs/devurls/tls.crt\n",
			"value: /etc/ssl/certs/host/tls.key:/etc/ssl/certs/devurls/tls.key\n",
		} {
			if !strings.Contains(deployment, want) {
				t.Errorf("the Deployment of %s has no %q:\n%s", version, want, deployment)
			}
		}
	}
}

// TestAlternateHostnames: charts from 1.28 on have the value, and older ones ignore it.
func TestAlternateHostnames(t *testing.T) {
	const want = "name: CODER_ALTERNATE_HOSTNAMES\n              value: \"a.example.com,b.example.com\"\n"
	for version, has := range map[string]bool{"1.21.7": false, "1.27.3": false, "1.28.0": true, "1.44.3": true} {
		deployment := render(t, "coder", version, satellite(map[string]any{"alternateHostnames": []any{"a.example.com",
			"b.example.com"}}))["Deployment/coderd"]
		if strings.Contains(deployment, want) != has || !has && strings.Contains(deployment, "b.example.com") {
			t.Errorf("the Deployment of %s, want %t:\n%s", version, has, deployment)
		}
	}
}

func TestResourcePolicy(t *testing.T) {
	tests := map[string][]string{
		"1.20.0": nil,
		"1.21.3": nil,
		"1.21.4": {"Role/coder", "RoleBinding/coder", "ServiceAccount/coder"},
	}
	for version, want := range tests {
		t.Run(version, func(t *testing.T) {
			var kept []string
			for name, text := range render(t, "workspace-provider", version, nil) {
				var o object
				if err := yaml.Unmarshal([]byte(text), &o); err != nil {
					t.Fatal(err)
				}
				if o.Metadata.Annotations["helm.sh/resource-policy"] == "keep" {
					kept = append(kept, name)
				}
			}
			slices.Sort(kept)
			if diff := cmp.Diff(want, kept); diff != "" {
				t.Errorf("kept objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKubeVersion(t *testing.T) {
	tests := map[string]string{"1.21.7": "", "1.22.3": ">= 1.19.0-0", "1.25.0": ">= 1.19.0-0", "1.44.3": ">= 1.19.0-0", "2.0.0": ">= 1.19.0-0"}
	for version, want := range tests {
		c, err := Load("coder", version)
		if err != nil {
			t.Fatal(err)
		}
		if c.Metadata.KubeVersion != want || c.Metadata.Version != version || c.Metadata.AppVersion != version {
			t.Errorf("version %s: %+v", version, c.Metadata)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, version := range map[string]string{"coder": "latest", "nginx": "1.0.0"} {
		if _, err := Load(name, version); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("chart %s of version %s: %v", name, version, err)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, "https://127.0.0.1:1", "v1.30.2"); err != nil {
		t.Fatal(err)
	}
	index, err := repo.LoadIndexFile(filepath.Join(dir, "index.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for name, entries := range index.Entries {
		for _, entry := range entries {
			got[name] = append(got[name], entry.Version)
			if !strings.HasPrefix(entry.URLs[0], "https://127.0.0.1:1/") {
				t.Errorf("%s %s is at %s", name, entry.Version, entry.URLs[0])
			}
			for _, path := range []string{name + "-" + entry.Version + ".tgz", filepath.Join(entry.Version, name)} {
				c, err := loader.Load(filepath.Join(dir, path))
				if err != nil || c.Metadata.Version != entry.Version {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
	want := map[string][]string{"coder": {"1.44.3", "1.30.2", "1.22.3", "1.21.7"}, "workspace-provider": {"1.21.4", "1.20.0"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the repository (-want +got):\n%s", diff)
	}
	if err := Write(filepath.Join(dir, "index.yaml"), "https://127.0.0.1:1", "1.21.7"); err == nil {
		t.Error("a file was accepted as a folder for a repository")
	}
	if _, err := os.Stat(filepath.Join(dir, "1.30.2", "coder", "templates", "coderd.yaml")); err != nil {
		t.Error(err)
	}
}
