package supervisor

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// TestCommandRefuses: commands that must not start or remove anything.
func TestCommandRefuses(t *testing.T) {
	full := t.TempDir()
	kept := filepath.Join(full, "kept")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dead := savedLab(t, 0).Dir
	stranger := savedLab(t, os.Getpid()).Dir // alive, but not a supervisor
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "lab.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		want string
	}{
		"no such command":        {[]string{"start"}, `there is no command "start"`},
		"no such flag":           {[]string{"up", "--fast"}, "-fast"},
		"up in a full folder":    {[]string{"up", "--dir", full}, "is not empty: take the old lab down"},
		"up over a dead lab":     {[]string{"up", "--dir", dead}, "is not empty: take the old lab down"},
		"up with a bad region":   {[]string{"up", "--dir", t.TempDir(), "--regions", "a,,b"}, "cannot be a region's name"},
		"up with a bad shape":    {[]string{"up", "--dir", t.TempDir(), "--topology", "ring"}, `--topology: there is no topology "ring": use simple, spread, shared, builtin, all`},
		"up with a taken region": {[]string{"up", "--dir", t.TempDir(), "--topology", "spread", "--regions", "london-a"}, `--regions: the name "london-a" is taken`},
		"up with a bad version":  {[]string{"up", "--dir", t.TempDir(), "--primary-version", "new"}, "is not a version"},
		"up with no binary":      {[]string{"up", "--dir", t.TempDir(), "--run", "image:1"}, "it is not IMAGE=BINARY"},
		"up with a lost binary":  {[]string{"up", "--dir", t.TempDir(), "--run", "image:1=/nowhere"}, "/nowhere: no such file"},
		"status of no lab":       {[]string{"status", "--dir", full}, "there is no lab in " + full},
		"status of a dead lab":   {[]string{"status", "--dir", dead}, "is down: remove what is left"},
		"status of a stranger":   {[]string{"status", "--dir", stranger}, "is down"},
		"status of a broken lab": {[]string{"status", "--dir", broken}, "lab.json"},
		"down of a broken lab":   {[]string{"down", "--dir", broken}, "lab.json"},
		"serve of no lab":        {[]string{"serve", "--dir", full}, "lab.json"},
		"status of a bad flag":   {[]string{"status", "--all"}, "-all"},
		"down of a bad flag":     {[]string{"down", "--all"}, "-all"},
		"serve of a bad flag":    {[]string{"serve", "--all"}, "-all"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := Command(test.args[0], test.args[1:], &out)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
		})
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("a file of another program: %v", err)
	}
}

// savedLab saves a lab whose supervisor has this process ID.
func savedLab(t *testing.T, pid int) *layout.Lab {
	t.Helper()
	return savedShape(t, pid, layout.SimpleTopology, "sydney", "london")
}

// savedShape is savedLab with a topology, and additional simple regions.
func savedShape(t *testing.T, pid int, name string, regions ...string) *layout.Lab {
	t.Helper()
	topology, err := shape(name, regions)
	if err != nil {
		t.Fatal(err)
	}
	lab, claim, err := layout.New(t.TempDir(), topology, "1.21.7", 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = claim.Close() })
	lab.PID = pid
	if err := lab.Save(); err != nil {
		t.Fatal(err)
	}
	return lab
}

func TestDown(t *testing.T) {
	lab := savedLab(t, os.Getpid())
	for _, want := range []string{"the lab is down\n", "there is no lab in " + lab.Dir + "\n"} {
		var out bytes.Buffer
		if err := Command("down", []string{"--dir", lab.Dir}, &out); err != nil || out.String() != want {
			t.Errorf("want %q, got %q, %v", want, out.String(), err)
		}
	}
	if _, err := os.Stat(lab.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	if code := Usage(&out); code != 64 || !strings.Contains(out.String(), "source .lab/env") {
		t.Errorf("code %d, text %q", code, out.String())
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	if err := Command("--help", nil, &out); err != nil || !strings.Contains(out.String(), "bring a lab up") {
		t.Errorf("%v: %q", err, out.String())
	}
	for _, topology := range layout.Topologies() {
		if !strings.Contains(out.String(), topology.Name+" ") || !strings.Contains(out.String(), topology.About) {
			t.Errorf("the usage does not explain the topology %s: %q", topology.Name, out.String())
		}
	}
	if err := Command("up", []string{"--help"}, &out); err != nil {
		t.Error(err)
	}
}

// TestShape: only the simple topology has default regions.
func TestShape(t *testing.T) {
	for name, test := range map[string]struct {
		topology string
		regions  []string
		want     []string
	}{
		"simple by default": {layout.SimpleTopology, nil, []string{"sydney", "london", "ohio"}},
		"simple":            {layout.SimpleTopology, []string{"tokyo"}, []string{"tokyo"}},
		"spread":            {"spread", nil, []string{"london"}},
		"spread, and more":  {"spread", []string{"tokyo"}, []string{"london", "tokyo"}},
		"all":               {"all", nil, []string{"sydney", "london", "paris", "headquarters"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, region := range savedShape(t, 0, test.topology, test.regions...).Regions {
				got = append(got, region.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("regions (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEnvironment sources the file that the lab writes in a shell.
func TestEnvironment(t *testing.T) {
	lab := savedLab(t, 0)
	files, err := pki.Make(lab.Path("pki"), lab.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	makeFolders(t, lab)
	if err := writeEnvironment(lab); err == nil {
		t.Error("an environment without a token")
	}
	if err := os.RemoveAll(lab.Path("bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(lab.Path("tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	const token = `it's "a" $token`
	if err := os.WriteFile(lab.TokenFiles["manager"], []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeKubeconfigs(lab, files); err != nil {
		t.Fatal(err)
	}
	if err := writeEnvironment(lab); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-c", `. "$1" && printf '%s\n' "$KUBECONFIG" "$CODER_URL" "$CODER_TOKEN" "$SSL_CERT_FILE" "$PATH"`, "sh", lab.Path("env"))
	shell.Env = []string{"PATH=/usr/bin:/bin"}
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	want := strings.Join([]string{
		lab.Kubeconfig, lab.PrimaryURL, token, lab.CAFile,
		lab.Path("bin") + ":" + filepath.Dir(lab.Executable) + ":/usr/bin:/bin", "",
	}, "\n")
	if diff := cmp.Diff(want, string(output)); diff != "" {
		t.Errorf("a shell that sourced env (-want +got):\n%s", diff)
	}

	config, err := clientcmd.LoadFromFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range lab.Regions {
		if config.Contexts[region.Name] == nil || config.Clusters[region.Name].Server != region.Server {
			t.Errorf("no context of region %s: %+v", region.Name, config)
		}
	}
	if config.CurrentContext != "sydney" || len(config.AuthInfos) != 1 || config.AuthInfos["operator"].Token != files.Tokens["operator"] {
		t.Errorf("the operator's kubeconfig: context %s", config.CurrentContext)
	}

	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var fleet v1alpha1.Fleet
	if err := yaml.UnmarshalStrict(data, &fleet); err != nil {
		t.Fatal(err)
	}
	if fleet.Coder.URL != lab.PrimaryURL || fleet.Chart.Repo != lab.RepoURL || len(fleet.Regions) != 2 || fleet.Regions[1].AccessURL != lab.Regions[1].AccessURL {
		t.Errorf("the fleet: %s", data)
	}
}

// makeFolders creates the folders of the lab's clusters.
func makeFolders(t *testing.T, lab *layout.Lab) {
	t.Helper()
	for _, cluster := range lab.Clusters {
		if err := os.MkdirAll(lab.Path(cluster.Context), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}
